import HTTPTransport
import Loopback
import Synchronization
import Testing

@Suite struct `A body that is read while it is sent` {
    private struct Broken: Error {}

    private func request(
        _ server: LoopbackServer, _ source: HTTPBodySource, headers: HTTPHeaders = [:], limits: HTTPLimits = .standard
    ) -> HTTPRequest {
        var request = HTTPRequest(method: "PUT", url: server.url("/object"), headers: headers, limits: limits)
        request.bodySource = source
        return request
    }

    /// A source that counts how many bytes are held at most.
    private func counting(_ bytes: [UInt8], _ most: Box<Int>) -> HTTPBodySource {
        HTTPBodySource(length: bytes.count) { offset, count in
            most.value.withLock { $0 = max($0 ?? 0, count) }
            return Array(bytes[offset..<min(offset + count, bytes.count)])
        }
    }

    @Test(arguments: [0, 1, 1000, (1 << 20) + 1, 5_000_000])
    func `a body arrives whole, with its length and nothing of libcurl's own`(_ count: Int) async throws {
        let body = variedBytes(count)
        let seen = Box<LoopbackServer.Request>()
        let server = try LoopbackServer.sending { request in
            seen.value.withLock { $0 = request }
            return LoopbackServer.bytes()
        }
        let most = Box<Int>()
        let response = try await CurlTransport.forTests().send(
            request(server, counting(body, most), headers: ["X-One": "1"]))
        #expect(response.status == 200)
        let received = try #require(seen.value.withLock { $0 })
        #expect(received.method == "PUT" && received.body == body)
        #expect(received.header("Content-Length") == "\(count)" && received.header("X-One") == "1")
        #expect(received.header("Content-Type") == nil && received.header("Transfer-Encoding") == nil)
        #expect((most.value.withLock { $0 } ?? 0) <= 1 << 20)
    }

    @Test func `a body that is large waits for the server's consent once, and for no server that does not give it`()
        async throws
    {
        let expectations = Mutex<[String?]>([])
        let server = try LoopbackServer.sending { request in
            expectations.withLock { $0.append(request.header("Expect")) }
            return LoopbackServer.bytes()
        }
        let transport = CurlTransport.forTests()
        for _ in 0..<2 {
            _ = try await transport.send(request(server, HTTPBodySource(variedBytes(2 << 20))))
        }
        #expect(expectations.withLock { $0 } == ["100-continue", nil])
    }

    @Test func `a body is not sent to a server that refuses it at once`() async throws {
        let reads = Mutex(0)
        let server = try LoopbackServer { connection in
            guard connection.readHead() else { return }
            connection.write(LoopbackServer.bytes("412 Precondition Failed", body: "no"))
        }
        let source = HTTPBodySource(length: 50 << 20) { _, count in
            reads.withLock { $0 += 1 }
            return [UInt8](repeating: 1, count: count)
        }
        let response = try await CurlTransport.forTests().send(request(server, source))
        #expect(response.status == 412 && response.text == "no")
        #expect(reads.withLock { $0 } == 0)
    }

    @Test func `a body is sent after the server's consent`() async throws {
        let body = variedBytes(3 << 20)
        let seen = Box<[UInt8]>()
        let server = try LoopbackServer { connection in
            for _ in 0..<2 {
                guard connection.readHead() else { return }
                connection.write("HTTP/1.1 100 Continue\r\n\r\n")
                let bytes = connection.readBody(body.count)
                seen.value.withLock { $0 = bytes }
                connection.write(LoopbackServer.bytes())
            }
        }
        let transport = CurlTransport.forTests()
        for _ in 0..<2 {
            #expect(try await transport.send(request(server, HTTPBodySource(body))).status == 200)
            #expect(seen.value.withLock { $0 } == body)
        }
    }

    @Test func `a body reaches a server that reads slowly`() async throws {
        let body = variedBytes(600_000)
        let server = try LoopbackServer { connection in
            guard connection.readHead() else { return }
            var count = 0
            while count < body.count, case let part = connection.readSome(20_000), part > 0 { count += part }
            connection.write(LoopbackServer.bytes(count == body.count ? "200 OK" : "400 Bad Request"))
        }
        #expect(try await CurlTransport.forTests().send(request(server, HTTPBodySource(body))).status == 200)
    }

    @Test func `a body that the server does not read any further is given up after the time for that`() async throws {
        let server = try LoopbackServer { connection in
            guard connection.readHead() else { return }
            connection.pause(30)
        }
        let source = HTTPBodySource(length: 1 << 30) { _, count in [UInt8](repeating: 1, count: count) }
        let error = try await CurlTransport.forTests().failure(
            of: request(server, source, headers: ["Expect": ""], limits: HTTPLimits(stall: .seconds(1))))
        #expect(error == .timedOut(host: server.url().authority, phase: .stall, limit: .seconds(1)))
        #expect(error.isTransient)
    }

    @Test func `a body whose connection is reset in the middle is a lost connection`() async throws {
        let server = try LoopbackServer { connection in
            guard connection.readHead() else { return }
            _ = connection.readSome(100_000)
            connection.reset()
        }
        let source = HTTPBodySource(length: 1 << 30) { _, count in [UInt8](repeating: 1, count: count) }
        let error = try await CurlTransport.forTests().failure(of: request(server, source, headers: ["Expect": ""]))
        guard case .connectionLost = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.isTransient)
    }

    @Test func `a body that fails or ends too early is the request's own failure`() async throws {
        let server = try LoopbackServer.sending { _ in LoopbackServer.bytes() }
        let broken = HTTPBodySource(length: 10_000) { offset, _ in
            if offset > 0 { throw Broken() }
            return [1, 2, 3]
        }
        let short = HTTPBodySource(length: 10_000) { offset, _ in offset == 0 ? [1, 2, 3] : [] }
        for (source, reason) in [(broken, "Broken()"), (short, "it ends after 3 of 10000 bytes")] {
            let error = try await CurlTransport.forTests().failure(of: request(server, source))
            #expect(error == .unreadableBody(host: server.url().authority, reason: reason))
            #expect(!error.isTransient)
            #expect("\(error)".contains(reason))
        }
    }

    @Test func `a body is sent again from its beginning where a kept connection was closed`() async throws {
        let count = Mutex(0)
        let server = try LoopbackServer { connection in
            // Answers once, and closes the connection while it waits for the next request.
            guard let request = connection.readRequest() else { return }
            count.withLock { $0 += request.body.count }
            connection.write(LoopbackServer.bytes())
        }
        let transport = CurlTransport.forTests()
        for _ in 0..<3 {
            #expect(try await transport.send(request(server, HTTPBodySource(variedBytes(1000)))).status == 200)
        }
        #expect(count.withLock { $0 } == 3000)
    }
}

private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
