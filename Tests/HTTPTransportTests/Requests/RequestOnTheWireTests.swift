import HTTPTransport
import Loopback
import Synchronization
import Testing

@Suite struct `Requests on the wire` {
    /// Sends a request and returns it as the server saw it.
    private func received(
        _ method: String, path: String = "/", query: String? = nil, headers: HTTPHeaders = [:], body: [UInt8] = [],
        over transport: CurlTransport = .forTests()
    ) async throws -> LoopbackServer.Request {
        let seen = Box<LoopbackServer.Request>()
        let server = try LoopbackServer.sending { request in
            seen.value.withLock { $0 = request }
            return LoopbackServer.bytes()
        }
        let request = HTTPRequest(
            method: method, url: server.url(path, query: query), headers: headers, body: body)
        _ = try await transport.send(request)
        return try #require(seen.value.withLock { $0 })
    }

    @Test func `GET sends the headers it was given, a host and nothing else`() async throws {
        let request = try await received("GET", headers: ["X-One": "1", "X-Empty": "", "x-Three": "a: b; c"])
        #expect(request.method == "GET")
        #expect(request.headers.count == 4)
        #expect(request.header("Host")?.hasPrefix("127.0.0.1:") == true)
        #expect(
            request.headers.dropFirst().map { "\($0.name)=\($0.value)" } == ["X-One=1", "X-Empty=", "x-Three=a: b; c"])
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func `a large body is sent whole, without Expect and without a content type of curl's`(
        method: String
    ) async throws {
        let body = variedBytes(3 << 20)
        let request = try await received(method, body: body)
        #expect(request.method == method)
        #expect(request.body == body)
        #expect(request.headers.map(\.name) == ["Host", "Content-Length"])
    }

    @Test(arguments: ["POST", "PUT"])
    func `an empty body has a length of 0`(method: String) async throws {
        let request = try await received(method)
        #expect(request.method == method)
        #expect(request.header("Content-Length") == "0")
    }

    @Test func `other methods are sent as they are`() async throws {
        let request = try await received("DELETE")
        #expect(request.method == "DELETE")
        #expect(request.header("Content-Length") == nil)
    }

    @Test func `the content type and the accepted encoding of the request are sent`() async throws {
        let headers: HTTPHeaders = ["Content-Type": "application/x-amz-json-1.1", "Accept-Encoding": "identity"]
        let request = try await received("POST", headers: headers, body: [0x7b, 0x7d])
        #expect(request.header("Content-Type") == "application/x-amz-json-1.1")
        #expect(request.header("Accept-Encoding") == "identity")
    }

    @Test func `path and query arrive as they were written`() async throws {
        let request = try await received("GET", path: "/a/../b/./%2e%2E/c//d%20e", query: "x=%2F&y=../&z")
        #expect(request.target == "/a/../b/./%2e%2E/c//d%20e?x=%2F&y=../&z")
    }

    @Test func `the transport's user agent gives way to the request's`() async throws {
        let transport = CurlTransport(.init(userAgent: "tester/1", usesProxiesOfEnvironment: false))
        #expect(try await received("GET", over: transport).header("User-Agent") == "tester/1")
        let own: HTTPHeaders = ["user-agent": "own/2"]
        #expect(try await received("GET", headers: own, over: transport).header("User-Agent") == "own/2")
    }

    @Test func `nothing of a request is left in the next one`() async throws {
        let transport = CurlTransport.forTests()
        _ = try await received("POST", headers: ["X-One": "1"], body: [1, 2, 3], over: transport)
        let request = try await received("GET", over: transport)
        #expect(request.method == "GET")
        #expect(request.body.isEmpty)
        #expect(request.headers.count == 1)
    }
}

private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
