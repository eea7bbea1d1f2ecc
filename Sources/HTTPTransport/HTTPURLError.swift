/// A text that is no address for a request.
public struct HTTPURLError: Error, Equatable, CustomStringConvertible {
    /// The text as far as it can be shown: up to the query, and `nil` where a password may be part of it.
    public let text: String?
    public let reason: String

    init(text: String, reason: String) {
        // A password may hold any character, "/", "?" and "#" too: with an "@" anywhere, no part is known to be safe.
        self.text = text.contains("@") ? nil : Self.shown(text)
        self.reason = reason
    }

    public var description: String {
        "\(text ?? "the text (not shown)") is no URL for a request: \(reason)"
    }

    private static func shown(_ text: String) -> String {
        let start = text.prefix { $0 != "?" && $0 != "#" }.prefix(200)
        // Unlike `debugDescription`, this leaves no control character beyond ASCII as it is.
        let escaped = start.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
        return start.isEmpty ? "the empty text" : "\"\(escaped)\""
    }
}
