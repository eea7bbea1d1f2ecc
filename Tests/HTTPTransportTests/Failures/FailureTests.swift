import Foundation
import HTTPTransport
import Loopback
import Testing

@Suite struct `Failed requests` {
    private let transport = CurlTransport.forTests()

    @Test func `a refused connection names the host that refused it`() async throws {
        let url = HTTPURL(
            scheme: .http, host: "127.0.0.1", port: try LoopbackServer.unusedPort(), query: "X-Amz-Signature=secret")
        let error = try await transport.failure(of: url)
        guard case .couldNotConnect(url.authority, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.isTransient)
        #expect(error.description.contains(url.authority))
        #expect(!error.description.contains("secret"))
    }

    /// A label of 64 letters is too long for DNS, so no name server is asked.
    @Test func `an unknown host could not be resolved`() async throws {
        let host = String(repeating: "a", count: 64) + ".invalid"
        let error = try await transport.failure(of: HTTPURL(scheme: .http, host: host))
        #expect(error == .couldNotResolve(host: host))
        #expect(error.isTransient)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    ])
    func `a body that ends early is truncated`(answer: String) async throws {
        let server = try LoopbackServer.sendingOnce(answer)
        let error = try await transport.failure(of: server.url())
        #expect(error == .truncatedBody(host: server.url().authority))
        #expect(error.isTransient)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
    func `a reset loses the connection`(start: String) async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write(start)
            usleep(50_000)
            connection.reset()
        }
        let error = try await transport.failure(of: server.url())
        guard case .connectionLost(server.url().authority, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.isTransient)
    }

    @Test(arguments: [false, true])
    func `what arrived of a broken body counts for a request that says so`(isReset: Bool) async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 206 Partial Content\r\nX-Part: 1\r\nContent-Length: 10\r\n\r\nabc")
            usleep(50_000)
            if isReset { connection.reset() }
        }
        var request = HTTPRequest(method: "GET", url: server.url())
        request.acceptsBrokenBody = true
        let response = try await transport.send(request)
        #expect(response.status == 206 && response.headers["X-Part"] == "1" && response.text == "abc")
    }

    @Test func `a body that breaks off before its first byte is lost in any case`() async throws {
        let server = try LoopbackServer.sendingOnce("HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\n\r\n")
        var request = HTTPRequest(method: "GET", url: server.url())
        request.acceptsBrokenBody = true
        #expect(try await transport.failure(of: request) == .truncatedBody(host: server.url().authority))
    }

    @Test func `an answer of nothing loses the connection`() async throws {
        let server = try LoopbackServer.sendingOnce("")
        guard case .connectionLost = try await transport.failure(of: server.url()) else {
            Issue.record()
            return
        }
    }

    @Test(arguments: ["220 mail.example ESMTP\r\n", "\0\0\0\0\0\0", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"])
    func `an answer that is not HTTP is malformed`(answer: String) async throws {
        let server = try LoopbackServer.sendingOnce(answer)
        let error = try await transport.failure(of: server.url())
        guard case .malformedAnswer = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.isTransient)
    }

    @Test func `no description has a second line`() {
        let errors: [HTTPTransportError] = [
            .invalidHeader(name: "X\r\nY"), .invalidURL(host: "a\nb"), .closed,
            .timedOut(host: "h", phase: .stall, limit: .milliseconds(250)), .noThread(reason: "none"),
        ]
        for error in errors { #expect(error.description.isOneLine) }
        #expect(errors[3].description == "h neither sent nor took a byte for 0.25 s")
    }
}
