/// Texts in SQL, between quotes: `'it''s'`.
///
/// By bytes: to Swift, a quote with an accent on it is one character; to an engine, it ends the text.
enum SQLQuotation {
    static let mark = UInt8(ascii: "'")

    static func text(of content: String) -> String {
        let doubled = content.utf8.flatMap { $0 == mark ? [mark, mark] : [$0] }
        return "'\(String(decoding: doubled, as: UTF8.self))'"
    }

    /// The content of a text in quotes; nil unless the whole text is one quotation.
    static func content(of text: some StringProtocol) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, bytes.first == mark, bytes.last == mark else { return nil }
        var content: [UInt8] = []
        var rest = bytes.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            if byte == mark, rest.popFirst() != mark { return nil }
            content.append(byte)
        }
        return String(decoding: content, as: UTF8.self)
    }
}
