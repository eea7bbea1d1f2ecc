import HTTPTransport
import Loopback
import Testing

@Suite struct `Answers over HTTP` {
    private let transport = CurlTransport.forTests()

    @Test func `an answer comes back with its status, its headers in order and its body`() async throws {
        let body = variedBytes(1_000_000)
        let server = try LoopbackServer.sending { _ in
            LoopbackServer.bytes(
                "418 I'm a teapot", ["X-One: 1", "x-two:  2 ", "X-One: again", "X-Empty:"], body: body)
        }
        let response = try await transport.get(server.url())
        #expect(response.status == 418)
        #expect(response.body == body)
        #expect(response.headers["X-TWO"] == "2")
        #expect(
            response.headers.map { "\($0.name)=\($0.value)" } == [
                "X-One=1", "x-two=2", "X-One=again", "X-Empty=", "Content-Length=1000000",
            ])
    }

    @Test func `a chunked body is put together and its trailers are no headers`() async throws {
        let server = try LoopbackServer.sendingOnce(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n")
        let response = try await transport.get(server.url())
        #expect(response.text == "abcde")
        #expect(response.headers["X-Trailer"] == nil)
    }

    @Test func `a body without a length ends with the connection`() async throws {
        let server = try LoopbackServer.sendingOnce("HTTP/1.1 200 OK\r\n\r\nto the end")
        #expect(try await transport.get(server.url()).text == "to the end")
    }

    @Test func `an interim answer leaves nothing behind`() async throws {
        let server = try LoopbackServer.sendingOnce(
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let response = try await transport.get(server.url())
        #expect(response.status == 200)
        #expect(response.headers["Link"] == nil)
        #expect(response.text == "ok")
    }

    @Test func `a header value that continues in the next line is one value`() async throws {
        let server = try LoopbackServer.sendingOnce(
            "HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nContent-Length: 0\r\n\r\n")
        #expect(try await transport.get(server.url()).headers["X-Long"] == "one two")
    }

    @Test func `HEAD returns the length and no body`() async throws {
        let server = try LoopbackServer.sending { request in
            request.method == "HEAD"
                ? Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".utf8) : LoopbackServer.bytes("500 No")
        }
        for _ in 1...2 {
            let response = try await transport.send(HTTPRequest(method: "HEAD", url: server.url()))
            #expect(response.status == 200)
            #expect(response.headers["content-length"] == "99999999999")
            #expect(response.body.isEmpty)
        }
        #expect(server.acceptedConnections == 1)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is returned and never followed`(status: Int) async throws {
        let elsewhere = try LoopbackServer.sending { _ in LoopbackServer.bytes() }
        let location = elsewhere.url().description
        let server = try LoopbackServer.sending { _ in
            LoopbackServer.bytes("\(status) Elsewhere", ["Location: \(location)"])
        }
        let response = try await transport.get(server.url())
        #expect(response.status == status)
        #expect(response.headers["Location"] == location)
        #expect(elsewhere.acceptedConnections == 0)
    }

    @Test func `a compressed body is returned as it was sent`() async throws {
        let compressed: [UInt8] = [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4a, 6, 0, 0xc2, 0x41, 0x24]
        let server = try LoopbackServer.sending { _ in
            LoopbackServer.bytes("200 OK", ["Content-Encoding: gzip"], body: compressed)
        }
        #expect(try await transport.get(server.url()).body == compressed)
    }
}
