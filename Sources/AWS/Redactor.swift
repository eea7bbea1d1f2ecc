import HTTPTransport

/// Takes out of a text what a request was signed with: services like to quote the request that they refuse.
struct Redactor {
    private let secrets: [[UInt8]]

    static let mark = Array("[redacted]".utf8)
    /// Shorter ones are no secrets, and taking them out would make words illegible.
    private static let minimumBytes = 8

    /// - Parameter more: secrets that the request carries besides.
    init(_ credentials: Credentials?, _ request: HTTPRequest? = nil, _ more: [String] = []) {
        var secrets = more
        if let credentials { secrets += [credentials.secretAccessKey, credentials.sessionToken ?? ""] }
        if let authorization = request?.headers["Authorization"] {
            // As a whole, and its signature alone.
            secrets += [authorization, authorization.split(separator: "=").last.map(String.init) ?? ""]
        }
        self.secrets = secrets.flatMap { [$0, URIEncoding.encode($0)] }
            .filter { $0.utf8.count >= Self.minimumBytes }
            // The longest first, so that no part of one is left standing.
            .sorted { $0.utf8.count > $1.utf8.count }.map { Array($0.utf8) }
    }

    func redact(_ text: String) -> String {
        // By bytes: a search by characters overlooks a secret before a combining mark.
        let bytes = secrets.reduce(Array(text.utf8)) { $0.replacing($1, with: Self.mark) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
