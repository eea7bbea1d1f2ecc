import HTTPTransport
import Loopback
import Testing

@Suite struct `Cancelled requests` {
    @Test(.timeLimit(.minutes(60)))
    func `a cancelled request ends at once and leaves the transport usable`() async throws {
        let (arrived, arrivedContinuation) = AsyncStream.makeStream(of: Void.self)
        let silent = try LoopbackServer { connection in
            _ = connection.readRequest()
            arrivedContinuation.finish()
            connection.waitForClient()
        }
        let server = try LoopbackServer.sending { _ in LoopbackServer.bytes() }
        let transport = CurlTransport.forTests()
        let task = Task { try await transport.get(silent.url()) }
        for await _ in arrived {}

        task.cancel()
        // The server never answers: if the request waited for it, the time limit would end this test.
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await transport.get(server.url()).status == 200)
    }

    @Test func `a task that is cancelled already sends nothing`() async throws {
        let server = try LoopbackServer { $0.waitForClient() }
        let transport = CurlTransport.forTests()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await transport.get(server.url())
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(server.acceptedConnections == 0)
    }

    /// Cancellation at any moment between creation and answer; each task ends one way or the other.
    @Test(.timeLimit(.minutes(60))) func `every request ends when tasks are cancelled at random`() async throws {
        let server = try LoopbackServer.sending { _ in LoopbackServer.bytes(body: "x") }
        let transport = CurlTransport.forTests()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let task = Task { try await transport.get(server.url()) }
                    for _ in 0..<(number % 20) { await Task.yield() }
                    task.cancel()
                    if case .failure(let error) = await task.result { #expect(error is CancellationError) }
                }
            }
        }
        #expect(try await transport.get(server.url()).text == "x")
    }
}
