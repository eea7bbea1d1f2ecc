import HTTPTransport
import Text

/// Removes from a text the secrets of a request: services sometimes quote the request that they refuse.
///
/// A secret is found as it is, and also with percent signs, escapes of JSON or character references in place of its
/// characters, and with blanks and line breaks inside.
package struct Redactor {
    /// As they are, and in the form of ``RedactedText/plain``.
    private let secrets: [(raw: [UInt8], plain: [UInt8])]
    /// The length of the longest secret in bytes.
    private let longest: Int
    /// The length of the shortest secret in bytes, without escapes. No shorter text contains one.
    private let shortest: Int

    static let mark = Array("[redacted]".utf8)
    /// Shorter texts are no secrets, and removing them would make words illegible.
    private static let minimumBytes = 8
    /// How much of a text is searched: more than any message shows.
    private static let window = 64 << 10

    /// Part of an escape at the end of a text is not decoded.
    private static let longestEscape = 16

    /// - Parameter more: further secrets that the request contains.
    init(_ credentials: Credentials?, _ request: HTTPRequest? = nil, _ more: [String] = []) {
        self.init(Self.secrets(of: credentials, request, more))
    }

    /// What no text may repeat: of the credentials the access key id too, and of the request its whole authorization and the
    /// signature alone.
    static func secrets(of credentials: Credentials?, _ request: HTTPRequest?, _ more: [String] = []) -> [String] {
        var secrets = more
        if let credentials {
            secrets += [credentials.accessKeyID, credentials.secretAccessKey, credentials.sessionToken ?? ""]
        }
        if let authorization = request?.headers["Authorization"] {
            // The signature is the last part. Splitting all of the text takes longer, and this runs for every request.
            let signature = authorization.utf8.lastIndex(of: UInt8(ascii: "=")).map {
                authorization[authorization.utf8.index(after: $0)...]
            }
            secrets += [authorization, signature.map(String.init) ?? ""]
        }
        return secrets
    }

    package init(_ secrets: [String]) {
        self.secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= Self.minimumBytes }
            .map { ($0, RedactedText($0).plain.bytes) }
        longest = self.secrets.map(\.raw.count).max() ?? 0
        shortest = self.secrets.map(\.plain.count).min() ?? .max
    }

    /// A whole text, with a mark in the place of each secret.
    ///
    /// - Returns: the text byte for byte if it contains none.
    package func redacted(_ text: [UInt8], mark: [UInt8]) -> [UInt8] {
        text.count < shortest ? text : RedactedText(text).replacing(secrets, with: mark, ignoringLast: 0)
    }

    /// The beginning of a text, without secrets and safe to show (``Swift/StringProtocol/shown(limit:)``).
    ///
    /// Takes time in proportion to the window, however long the text is.
    func shown(_ text: String, limit: Int) -> String {
        let window = Self.window + 2 * longest
        let isCut = text.utf8.count > window
        let redacted = RedactedText(Array(text.utf8.prefix(window))).replacing(
            secrets, with: Self.mark, ignoringLast: isCut ? longest + Self.longestEscape : 0)
        return (String(decoding: redacted, as: UTF8.self) + (isCut ? "…" : "")).shown(limit: limit)
    }
}
