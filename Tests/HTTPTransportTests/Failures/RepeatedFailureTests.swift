import Foundation
import HTTPTransport
import Loopback
import Testing

/// libcurl keeps state from one transfer for the next; a failure must not become part of it.
@Suite struct `Requests after a failed one` {
    enum Failure: String, CaseIterable {
        case unknownHost, refusedConnection, failedHandshake, reset, emptyAnswer, truncatedBody, notHTTP
        case silence, dripFeed, silentHandshake, largeBody, largeHeaders, cutError, brokenBody
    }

    /// The result of a request: the name of its error, or the length of its answer.
    private func outcome(of failure: Failure, on transport: CurlTransport) async throws -> String {
        var limits = HTTPLimits(bodyBytes: 100, errorBodyBytes: 10, headerBytes: 1000)
        if failure == .silence { limits.stall = .seconds(1) }
        if failure == .dripFeed { limits.total = .milliseconds(200) }
        if failure == .silentHandshake { limits.connect = .milliseconds(200) }
        let server = try server(of: failure)
        var request = HTTPRequest(method: "GET", url: server.url(), limits: limits)
        switch failure {
        case .unknownHost: request.url.host = String(repeating: "a", count: 64) + ".invalid"
        case .refusedConnection: request.url.port = try LoopbackServer.unusedPort()
        case .failedHandshake, .silentHandshake: request.url.scheme = .https
        case .brokenBody: request.acceptsBrokenBody = true
        default: break
        }
        do {
            return "\(try await transport.send(request).body.count) bytes"
        } catch let error as HTTPTransportError {
            return Mirror(reflecting: error).children.first?.label ?? "\(error)"
        }
    }

    private func server(of failure: Failure) throws -> LoopbackServer {
        try LoopbackServer { connection in
            if failure == .silentHandshake { return connection.waitForClient() }
            guard failure == .failedHandshake || connection.readRequest() != nil else { return }
            switch failure {
            case .reset: connection.reset()
            case .failedHandshake: connection.write("HTTP/1.1 200 OK\r\n\r\n")
            case .truncatedBody, .brokenBody: connection.write("HTTP/1.1 206 Some\r\nContent-Length: 10\r\n\r\nabc")
            case .notHTTP: connection.write("220 mail.example ESMTP\r\n")
            case .largeBody: connection.write(LoopbackServer.bytes(body: variedBytes(101)))
            case .cutError: connection.write(LoopbackServer.bytes("503 No", body: variedBytes(1000)))
            case .largeHeaders: while connection.write(Array("HTTP/1.1 103 Wait\r\nX: y\r\n\r\n".utf8)) {}
            case .silence: connection.waitForClient()
            case .dripFeed:
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
                while connection.write([0x61]) { usleep(20_000) }
            default: break
            }
        }
    }

    @Test(arguments: Failure.allCases)
    func `a failed request ends the same way again, and another one succeeds`(_ failure: Failure) async throws {
        let good = try LoopbackServer.sending { _ in LoopbackServer.bytes(body: "good") }
        let transport = CurlTransport.forTests()
        let first = try await outcome(of: failure, on: transport)
        for _ in 1...3 { #expect(try await outcome(of: failure, on: transport) == first) }
        #expect(try await transport.get(good.url()).text == "good")
        let isAnswer = failure == .cutError || failure == .brokenBody
        #expect(first.hasSuffix(" bytes") == isAnswer, "\(first)")
        #expect(first != "refusedByCurl")
    }

    @Test func `failed requests that are under way at once end by themselves`() async throws {
        let transport = CurlTransport.forTests()
        let good = try LoopbackServer.sending { _ in LoopbackServer.bytes(body: "good") }
        for _ in 1...3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for failure in Failure.allCases {
                    group.addTask {
                        let isAnswer = failure == .cutError || failure == .brokenBody
                        let outcome = try await outcome(of: failure, on: transport)
                        #expect(outcome.hasSuffix(" bytes") == isAnswer)
                    }
                    group.addTask {
                        let answer = try await transport.get(good.url())
                        #expect(answer.text == "good")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(.enabled(if: TLSServer.openssl != nil, "needs the openssl command"))
    func `a certificate is rejected the second time as the first`() async throws {
        let server = try await TLSServer()
        let transport = CurlTransport.forTests()
        for _ in 1...3 {
            guard case .certificateRejected = try await transport.failure(of: server.url(host: "localhost")) else {
                Issue.record("the certificate was not rejected")
                return
            }
        }
    }

    @Test(.timeLimit(.minutes(60))) func `a request that was cancelled can be sent and cancelled again`() async throws {
        let transport = CurlTransport.forTests()
        for _ in 1...3 {
            let (arrived, arrivedContinuation) = AsyncStream.makeStream(of: Void.self)
            let silent = try LoopbackServer { connection in
                _ = connection.readRequest()
                arrivedContinuation.finish()
                connection.waitForClient()
            }
            let task = Task { try await transport.get(silent.url()) }
            for await _ in arrived {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
