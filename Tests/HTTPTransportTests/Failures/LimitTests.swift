import Foundation
import HTTPTransport
import Loopback
import Testing

@Suite struct `Limits of size` {
    private let transport = CurlTransport.forTests()

    @Test func `a body of exactly the limit is taken and one byte more is not`() async throws {
        let server = try LoopbackServer.sending { request in
            LoopbackServer.bytes(body: variedBytes(request.target == "/fits" ? 1000 : 1001))
        }
        let limits = HTTPLimits(bodyBytes: 1000)
        #expect(try await transport.get(server.url("/fits"), limits: limits).body.count == 1000)
        let error = try await transport.failure(of: server.url("/over"), limits: limits)
        #expect(error == .bodyTooLarge(host: server.url().authority, limit: 1000))
        #expect(!error.isTransient)
    }

    @Test(arguments: ["", "Transfer-Encoding: chunked\r\n"])
    func `an endless body is given up at the limit`(field: String) async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\(field)\r\n")
            let chunk = field.isEmpty ? variedBytes(1000) : Array("3E8\r\n".utf8) + variedBytes(1000) + [13, 10]
            while connection.write(chunk) {}
        }
        let error = try await transport.failure(of: server.url(), limits: HTTPLimits(bodyBytes: 1 << 20))
        #expect(error == .bodyTooLarge(host: server.url().authority, limit: 1 << 20))
    }

    @Test(.timeLimit(.minutes(60)), arguments: ["400 Bad Request", "503 Slow Down", "301 Moved"], ["", "chunked"])
    func `an endless body of an error is cut at its limit, and the answer counts`(
        _ status: String, _ encoding: String
    ) async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            let field = encoding.isEmpty ? "" : "Transfer-Encoding: \(encoding)\r\n"
            connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 \(status)\r\nX-Id: 7\r\n\(field)\r\n")
            let chunk = encoding.isEmpty ? variedBytes(1000) : Array("3E8\r\n".utf8) + variedBytes(1000) + [13, 10]
            while connection.write(chunk) {}
        }
        let limits = HTTPLimits(bodyBytes: 100, errorBodyBytes: 2500)
        for _ in 1...2 {
            let answer = try await transport.get(server.url(), limits: limits)
            #expect(String(answer.status) == status.prefix(3) && answer.headers["X-Id"] == "7")
            #expect(answer.body.count == 2500 && answer.body[..<1000] == variedBytes(1000)[...])
        }
    }

    @Test func `a body of an error within its limit is whole, whatever other bodies may have`() async throws {
        let server = try LoopbackServer.sending { request in
            LoopbackServer.bytes("400 Bad Request", body: variedBytes(Int(request.target.dropFirst()) ?? 0))
        }
        let limits = HTTPLimits(bodyBytes: 10, errorBodyBytes: 1000)
        for count in [0, 1, 11, 999, 1000] {
            #expect(try await transport.get(server.url("/\(count)"), limits: limits).body == variedBytes(count))
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"])
    func `endless headers and endless trailers are given up at the limit`(start: String) async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write(start)
            while connection.write(Array("X-Field: value\r\n".utf8)) {}
        }
        let error = try await transport.failure(of: server.url(), limits: HTTPLimits(headerBytes: 10_000))
        #expect(error == .headersTooLarge(host: server.url().authority, limit: 10_000))
        #expect(!error.isTransient)
    }

    @Test func `endless interim answers are given up at the limit`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            while connection.write(Array("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".utf8)) {}
        }
        let error = try await transport.failure(of: server.url(), limits: HTTPLimits(headerBytes: 10_000))
        #expect(error == .headersTooLarge(host: server.url().authority, limit: 10_000))
    }

    @Test func `a header line without an end is given up`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nX-Field: ")
            while connection.write(Array(repeating: 0x61, count: 1000)) {}
        }
        let error = try await transport.failure(of: server.url())
        #expect(error == .headersTooLarge(host: server.url().authority, limit: 100 << 10))
    }
}

@Suite struct `Limits of time` {
    private let transport = CurlTransport.forTests()

    @Test func `a silent server is given up at the stall limit`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            connection.waitForClient()
        }
        let error = try await transport.failure(of: server.url(), limits: HTTPLimits(stall: .seconds(1)))
        #expect(error == .timedOut(host: server.url().authority, phase: .stall, limit: .seconds(1)))
        #expect(error.isTransient)
    }

    @Test(.timeLimit(.minutes(60))) func `a drip feed is given up at the total limit`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while connection.write([0x61]) { usleep(20_000) }
        }
        let error = try await transport.failure(of: server.url(), limits: HTTPLimits(total: .milliseconds(400)))
        #expect(error == .timedOut(host: server.url().authority, phase: .total, limit: .milliseconds(400)))
    }

    /// The handshake counts as connecting: this server accepts and never says hello.
    @Test func `a handshake that does not come is given up at the connect limit`() async throws {
        let server = try LoopbackServer { $0.waitForClient() }
        var url = server.url()
        url.scheme = .https
        let error = try await transport.failure(of: url, limits: HTTPLimits(connect: .milliseconds(300)))
        #expect(error == .timedOut(host: url.authority, phase: .connect, limit: .milliseconds(300)))
    }
}
