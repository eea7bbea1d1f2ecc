/// A text that is no address for a request.
package struct HTTPURLError: Error, Equatable, CustomStringConvertible {
    /// The text as far as it is safe to show: up to the query; `nil` if a password may be part of it.
    package let text: String?
    package let reason: String

    init(text: String, reason: String) {
        // A password may contain any character, also "/", "?" and "#": with an "@" anywhere, no part is known to be
        // safe.
        self.text = text.contains("@") ? nil : Self.shown(text)
        self.reason = reason
    }

    package var description: String {
        "\(text ?? "the text (not shown)") is no URL for a request: \(reason)"
    }

    private static func shown(_ text: String) -> String {
        let start = text.prefix { $0 != "?" && $0 != "#" }.prefix(200)
        // Unlike `debugDescription`, this also escapes control characters beyond ASCII.
        let escaped = start.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
        return start.isEmpty ? "the empty text" : "\"\(escaped)\""
    }
}
