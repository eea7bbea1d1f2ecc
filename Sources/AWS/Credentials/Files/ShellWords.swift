/// Splits a command line into words as a shell and Python's `shlex.split` do, which botocore uses: blanks, quotes and
/// backslashes, and no other feature of a shell.
enum ShellWords {
    /// What is missing at the end of a command line.
    enum Fault: Error, Equatable, CustomStringConvertible {
        case openQuote, openEscape

        var description: String {
            switch self {
            case .openQuote: "a quotation mark is never closed"
            case .openEscape: "there is nothing after the last backslash"
            }
        }
    }

    static func split(_ text: String) throws(Fault) -> [String] {
        var words: [String] = []
        // Nil between words; empty quotes are a word, too.
        var word: String.UnicodeScalarView?
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case " ", "\t", "\r", "\n":
                if let word { words.append(String(word)) }
                word = nil
            case "'", "\"": try readQuoted(by: scalar, &rest, to: &word)
            case "\\":
                guard let escaped = rest.popFirst() else { throw .openEscape }
                append(escaped, to: &word)
            default: append(scalar, to: &word)
            }
        }
        if let word { words.append(String(word)) }
        return words
    }

    private static func readQuoted(
        by quote: Unicode.Scalar, _ rest: inout Substring.UnicodeScalarView, to word: inout String.UnicodeScalarView?
    ) throws(Fault) {
        if word == nil { word = String.UnicodeScalarView() }
        while let scalar = rest.popFirst() {
            if scalar == quote { return }
            // Between double quotes, a backslash is plain text unless one of these two characters follows.
            if quote == "\"", scalar == "\\" {
                guard let next = rest.popFirst() else { throw .openEscape }
                if next != "\"" && next != "\\" { append(scalar, to: &word) }
                append(next, to: &word)
            } else {
                append(scalar, to: &word)
            }
        }
        throw .openQuote
    }

    private static func append(_ scalar: Unicode.Scalar, to word: inout String.UnicodeScalarView?) {
        word = word ?? String.UnicodeScalarView()
        word?.append(scalar)
    }
}
