/// The little that must be known of SQL before Athena is asked.
enum SQLText {
    /// Whether anything but blanks, comments and semicolons is there.
    static func holdsStatement(_ text: String) -> Bool {
        var rest = Substring(text).unicodeScalars
        while let first = rest.first {
            if first.properties.isWhitespace || first == ";" {
                rest.removeFirst()
            } else if rest.starts(with: "--".unicodeScalars) {
                rest = rest.drop { $0 != "\n" }
            } else if rest.starts(with: "/*".unicodeScalars) {
                guard let end = end(ofComment: rest.dropFirst(2)) else { return false }
                rest = end
            } else {
                return true
            }
        }
        return false
    }

    /// What follows a comment whose beginning is taken off already; nil if it never ends.
    private static func end(ofComment text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView? {
        var rest = text
        while let star = rest.firstIndex(of: "*") {
            rest = rest[rest.index(after: star)...]
            if rest.first == "/" { return rest.dropFirst() }
        }
        return nil
    }
}
