/// Sends one request and returns the one answer to it.
///
/// The boundary between this program and the network. Implementations use libcurl, answer from fixtures, record, or
/// follow a test's script. A transport does not retry, sign or interpret; an answer with an error status is an answer.
package protocol HTTPTransport: Sendable {
    /// - Returns: the whole answer, whatever its status.
    /// - Throws: ``HTTPTransportError`` when no whole answer arrived; `CancellationError` when the task was cancelled.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// One HTTP request, ready to send.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: HTTPURL
    /// Header fields beyond those that the transport sets itself (`Host`, `Content-Length`).
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// Sent instead of ``body``, which is then empty.
    package var bodySource: HTTPBodySource?
    package var limits: HTTPLimits
    /// Keys, tokens and signatures that the request carries or was signed with. They are not sent from here: no text that is
    /// kept or shown may repeat them, in case the answer does.
    package var secrets: [String] = []
    /// Whether an answer whose body broke off after its first byte is returned with the part that arrived. For callers
    /// that see from the headers that a part is missing, and request the rest.
    package var acceptsBrokenBody = false
    /// Called with the body's bytes so far whenever more arrive, until it returns `false`. Runs on the transport's own
    /// thread, so it must be quick. A transport that has the whole answer at once need not call it.
    package var onBody: (@Sendable (_ soFar: Span<UInt8>) -> Bool)?

    package init(
        method: String, url: HTTPURL, headers: HTTPHeaders = [:], body: [UInt8] = [], limits: HTTPLimits = .standard
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
    }
}

/// One HTTP answer, with its whole body; that of an error may be cut (``HTTPLimits/errorBodyBytes``).
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the status is that of success.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// Moves the body out, so that the caller can change it without a copy.
    package mutating func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }
}

/// How large an answer may be, and how long it may take, before the transport gives up.
package struct HTTPLimits: Sendable {
    /// Bytes of body.
    package var bodyBytes: Int
    /// Most bytes that are kept of the body of an error. The rest is cut off and is no failure, since no service's
    /// explanation is that long.
    package var errorBodyBytes: Int
    /// Bytes of status line and header fields together.
    package var headerBytes: Int
    /// Time to resolve the name, connect and shake hands.
    package var connect: Duration
    /// Time without a byte in either direction.
    package var stall: Duration
    /// Time for the request as a whole.
    package var total: Duration

    package init(
        bodyBytes: Int = 16 << 20, errorBodyBytes: Int = 1 << 20, headerBytes: Int = 256 << 10,
        connect: Duration = .seconds(10), stall: Duration = .seconds(60), total: Duration = .seconds(300)
    ) {
        self.bodyBytes = bodyBytes
        self.errorBodyBytes = errorBodyBytes
        self.headerBytes = headerBytes
        self.connect = connect
        self.stall = stall
        self.total = total
    }

    package static let standard = HTTPLimits()
}
