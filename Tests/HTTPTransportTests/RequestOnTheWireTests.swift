import HTTPTransport
import Synchronization
import Testing

@Suite struct `Requests on the wire` {
    /// Sends a request and returns it as the server saw it.
    private func received(
        _ method: String, path: String = "/", query: String? = nil, headers: HTTPHeaders = [:], body: [UInt8] = [],
        over transport: CurlTransport = .forTests()
    ) async throws -> ReceivedRequest {
        let seen = Box<ReceivedRequest>()
        let server = try RawServer.answering { request in
            seen.value.withLock { $0 = request }
            return RawServer.answer()
        }
        let request = HTTPRequest(
            method: method, url: server.url(path, query: query), headers: headers, body: body)
        _ = try await transport.send(request)
        return try #require(seen.value.withLock { $0 })
    }

    @Test func `GET sends the headers it was given, a host and nothing else`() async throws {
        let request = try await received("GET", headers: ["X-One": "1", "X-Empty": "", "x-Three": "a: b; c"])
        #expect(request.method == "GET")
        #expect(request.fields.count == 4)
        #expect(request["Host"]?.hasPrefix("127.0.0.1:") == true)
        #expect(request.fields.dropFirst() == ["X-One: 1", "X-Empty:", "x-Three: a: b; c"])
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func `a large body is sent whole, without Expect and without a content type of curl's`(
        method: String
    ) async throws {
        let body = variedBytes(3 << 20)
        let request = try await received(method, body: body)
        #expect(request.method == method)
        #expect(request.body == body)
        #expect(request.fields.map { $0.prefix { $0 != ":" } } == ["Host", "Content-Length"])
    }

    @Test(arguments: ["POST", "PUT"])
    func `an empty body has a length of 0`(method: String) async throws {
        let request = try await received(method)
        #expect(request.method == method)
        #expect(request["Content-Length"] == "0")
    }

    @Test func `other methods are sent as they are`() async throws {
        let request = try await received("DELETE")
        #expect(request.method == "DELETE")
        #expect(request["Content-Length"] == nil)
    }

    @Test func `the content type and the accepted encoding of the request are sent`() async throws {
        let headers: HTTPHeaders = ["Content-Type": "application/x-amz-json-1.1", "Accept-Encoding": "identity"]
        let request = try await received("POST", headers: headers, body: [0x7b, 0x7d])
        #expect(request["Content-Type"] == "application/x-amz-json-1.1")
        #expect(request["Accept-Encoding"] == "identity")
    }

    @Test func `path and query arrive as they were written`() async throws {
        let request = try await received("GET", path: "/a/../b/./%2e%2E/c//d%20e", query: "x=%2F&y=../&z")
        #expect(request.target == "/a/../b/./%2e%2E/c//d%20e?x=%2F&y=../&z")
    }

    @Test func `the transport's user agent gives way to the request's`() async throws {
        let transport = CurlTransport(.init(userAgent: "tester/1", usesProxiesOfEnvironment: false))
        #expect(try await received("GET", over: transport)["User-Agent"] == "tester/1")
        let own: HTTPHeaders = ["user-agent": "own/2"]
        #expect(try await received("GET", headers: own, over: transport)["User-Agent"] == "own/2")
    }

    @Test func `nothing of a request is left in the next one`() async throws {
        let transport = CurlTransport.forTests()
        _ = try await received("POST", headers: ["X-One": "1"], body: [1, 2, 3], over: transport)
        let request = try await received("GET", over: transport)
        #expect(request.method == "GET")
        #expect(request.body.isEmpty)
        #expect(request.fields.count == 1)
    }
}

private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
