import HTTPTransport
import Loopback
import Testing

extension CurlTransport {
    /// Ignores the proxies of the machine that runs the tests.
    static func forTests(caBundlePath: String? = nil) -> CurlTransport {
        CurlTransport(Configuration(caBundlePath: caBundlePath, usesProxiesOfEnvironment: false))
    }

    func get(_ url: HTTPURL, limits: HTTPLimits = .standard) async throws -> HTTPResponse {
        try await send(HTTPRequest(method: "GET", url: url, limits: limits))
    }

    /// The error of a request that must fail.
    func failure(
        of request: HTTPRequest, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> HTTPTransportError {
        try #require(
            await #expect(throws: HTTPTransportError.self, sourceLocation: sourceLocation) {
                try await self.send(request)
            }, sourceLocation: sourceLocation)
    }

    func failure(
        of url: HTTPURL, limits: HTTPLimits = .standard, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> HTTPTransportError {
        try await failure(
            of: HTTPRequest(method: "GET", url: url, limits: limits), sourceLocation: sourceLocation)
    }
}

extension LoopbackServer {
    func url(_ path: String = "/", query: String? = nil) -> HTTPURL {
        HTTPURL(scheme: .http, host: "127.0.0.1", port: port, path: path, query: query)
    }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension String {
    var isOneLine: Bool { !contains { $0.isNewline } }
}

/// Bytes without repetition.
func variedBytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}
