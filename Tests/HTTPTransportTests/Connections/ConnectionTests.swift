import HTTPTransport
import Loopback
import Testing

@Suite struct `Connections` {
    @Test func `requests one after another share a connection`() async throws {
        let server = try LoopbackServer.sending { LoopbackServer.bytes(body: $0.target) }
        let transport = CurlTransport.forTests()
        for number in 1...200 {
            let response = try await transport.get(server.url("/\(number)"))
            #expect(response.text == "/\(number)")
        }
        #expect(server.acceptedConnections == 1)
    }

    @Test func `requests at the same time each get their own answer`() async throws {
        let server = try LoopbackServer.sending { LoopbackServer.bytes(body: $0.target) }
        let transport = CurlTransport.forTests()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...300 {
                group.addTask {
                    let response = try await transport.get(server.url("/\(number)"))
                    #expect(response.text == "/\(number)")
                }
                if number > 16 { try await group.next() }
            }
            try await group.waitForAll()
        }
        #expect(server.acceptedConnections < 32)
    }

    @Test func `a slow answer does not hold up a fast one`() async throws {
        let slow = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.waitForClient()
        }
        let fast = try LoopbackServer.sending { _ in LoopbackServer.bytes() }
        let transport = CurlTransport.forTests()
        let waiting = Task { try await transport.get(slow.url()) }
        #expect(try await transport.get(fast.url()).status == 200)
        waiting.cancel()
    }

    @Test func `a kept connection that the server closed is replaced unnoticed`() async throws {
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write(LoopbackServer.bytes())
        }
        let transport = CurlTransport.forTests()
        for _ in 1...5 { #expect(try await transport.get(server.url()).status == 200) }
        #expect(server.acceptedConnections == 5)
    }

    @Test(.timeLimit(.minutes(60))) func `a released transport closes its connections`() async throws {
        let (closed, closedContinuation) = AsyncStream.makeStream(of: Void.self)
        let server = try LoopbackServer { connection in
            while connection.readRequest() != nil { connection.write(LoopbackServer.bytes()) }
            closedContinuation.finish()
        }
        var transport: CurlTransport? = .forTests()
        _ = try await transport?.get(server.url())
        transport = nil
        for await _ in closed {}
    }

    @Test(.timeLimit(.minutes(60))) func `a closed transport answers the requests that wait and those that come later`()
        async throws
    {
        let (arrived, arrivedContinuation) = AsyncStream.makeStream(of: Void.self)
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            arrivedContinuation.finish()
            connection.waitForClient()
        }
        let transport = CurlTransport.forTests()
        let waiting = Task { try await transport.failure(of: server.url()) }
        for await _ in arrived {}
        transport.close()
        #expect(try await waiting.value == .closed)
        #expect(try await transport.failure(of: server.url()) == .closed)
    }
}
