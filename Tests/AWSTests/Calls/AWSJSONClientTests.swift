import AWS
import Clock
import HTTPTransport
import InMemoryLogging
import JSON
import Logging
import Testing
import TestSupport

@Suite struct `Calls over AWS JSON 1.1` {
    private let time = FakeTime()
    private let log = InMemoryLogHandler(level: .trace)

    private func client(
        _ transport: any HTTPTransport, as provider: any CredentialProvider = ExplicitCredentials(.test),
        maxAttempts: Int = 10, queuePatience: Duration? = nil
    ) -> AWSJSONClient {
        AWSJSONClient(
            service: .athena, targetPrefix: "AmazonAthena",
            endpoint: Endpoint(.athena, region: Region("us-east-1")!), credentials: provider, transport: transport,
            retry: RetryPolicy(maxAttempts: maxAttempts, queuePatience: queuePatience), runtime: time.runtime,
            logger: log.logger)
    }

    private func failure(_ call: () async throws -> Void) async -> AWSError? {
        do {
            try await call()
            return nil
        } catch {
            return error as? AWSError
        }
    }

    @Test func `a call is one signed POST with the operation in X-Amz-Target`() async throws {
        let transport = ScriptedTransport(HTTPResponse(status: 200, body: Array("raw".utf8)))
        let response = try await client(transport).call("GetQueryResults", ["MaxResults": .integer(1)])
        #expect(response.body == Array("raw".utf8))
        let request = try #require(transport.requests.first)
        #expect(request.method == "POST" && request.url.description == "https://athena.us-east-1.amazonaws.com/")
        #expect(request.headers["X-Amz-Target"] == "AmazonAthena.GetQueryResults")
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.1")
        #expect(request.headers["X-Amz-Date"] == "20261123T010203Z")
        #expect(request.headers["amz-sdk-request"] == "attempt=1; max=10")
        #expect(request.body == Array(#"{"MaxResults":1}"#.utf8) && transport.requests.count == 1)
        #expect(log.entries.isEmpty && time.sleeps.isEmpty)
    }

    @Test func `a call carries one invocation id through all attempts, each of them signed with its own time`()
        async throws
    {
        let transport = ScriptedTransport(.error("ThrottlingException"), .error("ThrottlingException"), .ok)
        _ = try await client(transport).call("X", [:])
        let requests = transport.requests
        #expect(Set(requests.map { $0.headers["amz-sdk-invocation-id"] }).count == 1)
        #expect(requests.map { $0.headers["amz-sdk-request"] } == (1...3).map { "attempt=\($0); max=10" })
        #expect(Set(requests.map { $0.headers["Authorization"] }).count == 3)
        #expect(time.sleeps == [.seconds(0.5), .seconds(1)])
        _ = try await client(transport).call("X", [:])
        #expect(
            transport.requests.last?.headers["amz-sdk-invocation-id"] != requests[0].headers["amz-sdk-invocation-id"])
    }

    static let passing: [@Sendable (HTTPRequest) throws -> HTTPResponse] = [
        { _ in throw HTTPTransportError.couldNotConnect(host: "h", reason: "refused") },
        { _ in throw HTTPTransportError.timedOut(host: "h", phase: .stall, limit: .seconds(60)) },
        { _ in throw HTTPTransportError.truncatedBody(host: "h") },
        { _ in HTTPResponse(status: 429) }, { _ in .error("ThrottlingException") },
        { _ in .error("TooManyRequestsException") }, { _ in .error("InternalServerException", status: 500) },
        { _ in HTTPResponse(status: 502, body: Array("<html>".utf8)) }, { _ in HTTPResponse(status: 503) },
        { _ in HTTPResponse(status: 504) }, { _ in HTTPResponse(status: 400, body: Array("<html>".utf8)) },
    ]

    @Test(arguments: passing.indices)
    func `a call outlasts two failures that pass, and logs them`(_ index: Int) async throws {
        let transport = ScriptedTransport([Self.passing[index], Self.passing[index], { _ in .ok }])
        _ = try await client(transport).call("X", [:])
        #expect(transport.requests.count == 3 && log.warnings.count == 2)
        #expect(log.warnings.map { $0.metadata["attempt"]?.description } == ["1", "2"])
        #expect(log.warnings.allSatisfy { $0.metadata["operation"] == "X" && $0.metadata["wait_seconds"] != nil })
    }

    @Test(arguments: passing.indices)
    func `a call gives up a failure that stays after the allowed attempts, as temporary`(_ index: Int) async {
        let transport = ScriptedTransport([Self.passing[index]])
        let error = await failure { _ = try await client(transport, maxAttempts: 4).call("X", [:]) }
        #expect(error?.category == .temporary && "\(error!)".contains("after 4 attempts"))
        #expect(transport.requests.count == 4 && time.sleeps.count == 3)
    }

    @Test(arguments: [
        "AccessDeniedException", "InvalidRequestException", "UnrecognizedClientException", "InvalidSignatureException",
        "SerializationException", "ExpiredTokenException",
    ])
    func `a call makes one attempt where another cannot help`(_ code: String) async {
        let transport = ScriptedTransport(.error(code))
        let error = await failure { _ = try await client(transport).call("X", [:]) }
        guard case .service(let error, attempts: 1) = error else { return #expect(Bool(false), "\(error as Any)") }
        #expect(error.code == code && transport.requests.count == 1 && time.sleeps.isEmpty)
    }

    @Test func `a call makes one attempt where the request itself is impossible`() async {
        let transport = ScriptedTransport([
            { _ in throw HTTPTransportError.certificateRejected(host: "h", reason: "r") }
        ])
        let error = await failure { _ = try await client(transport).call("X", [:]) }
        #expect(error?.category == .configuration && transport.requests.count == 1)
    }

    @Test(arguments: [
        HTTPResponse(status: 503), .error("ThrottlingException"), .error("RequestTimeTooSkewed", status: 403),
        HTTPResponse(status: 200, body: Array("{".utf8)),
    ])
    func `a call makes one attempt where the answer is not worth a wait`(_ answer: HTTPResponse) async throws {
        let transport = ScriptedTransport(answer, .ok)
        await #expect(throws: (any Error).self) {
            try await client(transport).call("X", [:], isRepeated: false) { try JSONValue(parsing: $0.body) }
        }
        #expect(transport.requests.count == 1 && time.sleeps.isEmpty && log.warnings.isEmpty)
        #expect(transport.requests.first?.headers["amz-sdk-request"] == "attempt=1; max=1")
    }

    @Test func `a call follows no redirect`() async {
        let transport = ScriptedTransport(HTTPResponse(status: 307, headers: ["Location": "https://evil/"]))
        #expect(await failure { _ = try await client(transport).call("X", [:]) }?.category == .refused)
        #expect(transport.requests.count == 1)
    }

    @Test func `a call waits out a full queue, logs it, and leaves the retry quota alone`() async throws {
        let full = HTTPResponse.error("TooManyRequestsException", more: ["Reason": "CONCURRENT_QUERY_LIMIT_EXCEEDED"])
        let transport = ScriptedTransport([{ _ in full }])
        let patient = client(transport)
        for _ in 0..<200 { _ = await failure { _ = try await patient.call("StartQueryExecution", [:]) } }
        // Ten attempts each time: a quota that paid for them would have run out.
        #expect(transport.requests.count == 2000)
        #expect(time.sleeps.prefix(9).reduce(.zero, +) == .seconds(0.75 * 360))
        #expect(log.warnings[0].message.description.contains("queue of queries is full"))
    }

    @Test func `calls wait in a full queue for as long as the policy says, and count no attempt for it`() async throws {
        let full = HTTPResponse.error("TooManyRequestsException", more: ["Reason": "CONCURRENT_QUERY_LIMIT_EXCEEDED"])
        let transport = ScriptedTransport([{ _ in full }])
        let patient = client(transport, maxAttempts: 2, queuePatience: .seconds(600))
        let error = await failure { _ = try await patient.call("StartQueryExecution", [:]) }
        #expect(error?.category == .temporary)
        #expect(time.sleeps.prefix(5) == [.seconds(3), .seconds(6), .seconds(12), .seconds(24), .seconds(45)])
        #expect(
            time.sleeps.reduce(.zero, +) >= .seconds(600) && time.sleeps.dropLast().reduce(.zero, +) < .seconds(600))

        let down = HTTPResponse(status: 503)
        let later = ScriptedTransport([{ _ in full }, { _ in full }, { _ in full }, { _ in down }, { _ in down }])
        let other = client(later, maxAttempts: 2, queuePatience: .seconds(600))
        #expect(await failure { _ = try await other.call("X", [:]) }?.category == .temporary)
        #expect(later.requests.count == 5)
    }

    @Test func `calls stop retrying when the quota is empty, and retry again after calls that succeed`() async throws {
        let down = ScriptedTransport(HTTPResponse(status: 503))
        let client = client(down)
        for _ in 0..<10 { _ = await failure { _ = try await client.call("X", [:]) } }
        #expect(down.requests.count == 10 + 35)
    }

    @Test func `a call pays back what its retry took from the quota once it succeeds`() async throws {
        let pair: [ScriptedTransport.Answer] = [{ _ in HTTPResponse(status: 503) }, { _ in .ok }]
        let flaky = ScriptedTransport(Array(repeating: pair, count: 100).flatMap(\.self))
        let client = client(flaky)
        for _ in 0..<100 { _ = try await client.call("X", [:]) }
        #expect(flaky.requests.count == 200)
    }

    @Test(arguments: [
        ("3000", Duration.seconds(3)), ("60000", .seconds(5.5)), ("-1", .seconds(0.5)), ("soon", .seconds(0.5)),
        ("1.5", .seconds(0.5)),
        ("99999999999999999999", .seconds(0.5)),
    ])
    func `a call heeds x-amz-retry-after within bounds`(_ value: String, _ wait: Duration) async throws {
        let transport = ScriptedTransport(.error("ThrottlingException", headers: ["x-amz-retry-after": value]), .ok)
        _ = try await client(transport).call("X", [:])
        #expect(time.sleeps == [wait])
    }
}

@Suite struct `Calls that fail without the service` {
    private let time = FakeTime()
    private let log = InMemoryLogHandler(level: .trace)

    private struct Unreadable: Error {}

    private func client(_ transport: any HTTPTransport, maxAttempts: Int = 10) -> AWSJSONClient {
        AWSJSONClient(
            service: .athena, targetPrefix: "AmazonAthena",
            endpoint: Endpoint(.athena, region: Region("us-east-1")!), credentials: ExplicitCredentials(.test),
            transport: transport, retry: RetryPolicy(maxAttempts: maxAttempts), runtime: time.runtime,
            logger: log.logger)
    }

    @Test func `a call repeats an answer that cannot be decoded`() async throws {
        let transport = ScriptedTransport(HTTPResponse(status: 200), HTTPResponse(status: 200), .ok)
        let count = try await client(transport).call("X", [:]) { response in
            if response.body.isEmpty { throw Unreadable() }
            return response.body.count
        }
        #expect(count == 2 && transport.requests.count == 3 && log.warnings.count == 2)
    }

    @Test func `a call passes the decoder's error on when its attempts are used up`() async {
        let transport = ScriptedTransport(.ok)
        await #expect(throws: Unreadable.self) {
            try await client(transport, maxAttempts: 3).call("X", [:]) { _ in throw Unreadable() }
        }
        #expect(transport.requests.count == 3)
    }

    @Test func `a call passes a transport's own errors on at once`() async {
        let transport = ScriptedTransport([{ _ in throw Unreadable() }])
        await #expect(throws: Unreadable.self) { try await client(transport).call("X", [:]) }
        #expect(transport.requests.count == 1)
    }

    @Test func `a call passes cancellation on at once`() async {
        let transport = ScriptedTransport([{ _ in throw CancellationError() }])
        await #expect(throws: CancellationError.self) { try await client(transport).call("X", [:]) }
        #expect(transport.requests.count == 1 && log.entries.isEmpty)
    }

    @Test func `a call neither waits nor sends once its task is cancelled`() async {
        let transport = ScriptedTransport([
            { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                return HTTPResponse(status: 503)
            }
        ])
        let client = client(transport)
        let task = Task { try await client.call("X", [:]) }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(transport.requests.count == 1 && time.sleeps.isEmpty)
    }

    @Test func `a call logs nothing secret, whatever the service quotes`() async {
        let transport = ScriptedTransport([
            { request in
                let quoted = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
                return .error(
                    "InternalServerException", status: 500, message: "\(Credentials.test.secretAccessKey) \(quoted)")
            }
        ])
        var text = ""
        do { _ = try await client(transport).call("X", [:]) } catch { text = "\(error)" + String(reflecting: error) }
        for text in [text, log.text] {
            #expect(text.contains("[redacted]") && !text.contains("canary") && !text.contains("Signature="))
        }
    }
}
