/// Splits a command line into words as a shell would, and as Python's `shlex.split` does, which botocore uses: blanks,
/// quotes and backslashes, and nothing else of a shell.
enum ShellWords {
    /// What a command line lacks.
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
            // Between double quotes a backslash stands for itself unless one of these two follows.
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
