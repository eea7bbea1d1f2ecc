import Text

/// Takes an SQL text apart as far as it must be known before Athena reads it: what is quoted, what is a comment, and where
/// words are. The tokens together are the text.
struct SQLLexer: Sequence, IteratorProtocol {
    struct Token {
        let kind: Kind
        let text: ArraySlice<UInt8>
    }

    enum Kind {
        case blank
        /// `-- …` to the end of its line, or `/* … */`.
        case comment
        /// A text, or a name in quotes; up to the end if it is not closed. A doubled quote ends one quotation and begins
        /// the next, which comes to the same.
        case quotation
        /// ``CursorTemplate/placeholder``.
        case placeholder
        /// Letters, digits and underscores.
        case word
        /// One byte of anything else.
        case symbol
    }

    private var rest: ArraySlice<UInt8>

    init(_ text: String) {
        rest = Array(text.utf8)[...]
    }

    mutating func next() -> Token? {
        guard let first = rest.first else { return nil }
        let (kind, end) = extent(of: first)
        let token = Token(kind: kind, text: rest[..<end])
        rest = rest[end...]
        return token
    }

    /// The kind of the token that begins with a byte, and where it ends.
    private func extent(of first: UInt8) -> (Kind, end: Int) {
        switch first {
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
            let close = rest.dropFirst().firstIndex(of: first)
            return (.quotation, close.map { $0 + 1 } ?? rest.endIndex)
        case UInt8(ascii: "-") where rest.starts(with: "--".utf8):
            // Trino's grammar ends such a comment at either.
            return (.comment, rest.firstIndex { $0 == 0x0a || $0 == 0x0d } ?? rest.endIndex)
        case UInt8(ascii: "/") where rest.starts(with: "/*".utf8):
            let body = rest.dropFirst(2)
            let end = body.indices.first { body[$0...].starts(with: "*/".utf8) }
            return (.comment, end.map { $0 + 2 } ?? rest.endIndex)
        case UInt8(ascii: "{") where rest.starts(with: CursorTemplate.placeholder.utf8):
            return (.placeholder, rest.startIndex + CursorTemplate.placeholder.utf8.count)
        case _ where first.isSQLBlank: return (.blank, rest.firstIndex { !$0.isSQLBlank } ?? rest.endIndex)
        case _ where first.isSQLWord: return (.word, rest.firstIndex { !$0.isSQLWord } ?? rest.endIndex)
        default: return (.symbol, rest.startIndex + 1)
        }
    }
}

extension UInt8 {
    var isSQLBlank: Bool { self == .space || (UInt8.tab ... .carriageReturn).contains(self) }

    fileprivate var isSQLWord: Bool {
        self == .underscore || isASCIIAlphanumeric
    }
}
