import AWS
import Clock
import HTTPTransport
import InMemoryLogging
import JSON
import Logging
import Testing
import TestSupport

@Suite struct `Calls whose credentials or clock go wrong` {
    private let time = FakeTime()
    private let log = InMemoryLogHandler(level: .trace)
    private let old = Credentials(accessKeyID: "OLD", secretAccessKey: "s")
    private let new = Credentials(accessKeyID: "NEW", secretAccessKey: "s")

    private func client(_ transport: any HTTPTransport, _ provider: any CredentialProvider, maxAttempts: Int = 10)
        -> AWSJSONClient
    {
        AWSJSONClient(
            service: .athena, targetPrefix: "AmazonAthena",
            endpoint: Endpoint(.athena, region: Region("us-east-1")!), credentials: provider, transport: transport,
            retry: RetryPolicy(maxAttempts: maxAttempts), runtime: time.runtime, logger: log.logger)
    }

    private func cached(_ provider: ScriptedProvider) -> CachedCredentials {
        CachedCredentials(provider, runtime: time.runtime, logger: log.logger)
    }

    private func signer(of request: HTTPRequest) -> Substring? {
        request.headers["Authorization"]?.split(separator: "=").dropFirst().first?.split(separator: "/").first
    }

    @Test(arguments: ["ExpiredTokenException", "ExpiredToken", "RequestExpired"])
    func `a call renews expired credentials once and is sent again at once`(_ code: String) async throws {
        let transport = ScriptedTransport(.error(code), .ok)
        _ = try await client(transport, cached(ScriptedProvider(old, new))).call("X", [:])
        #expect(transport.requests.map { signer(of: $0) } == ["OLD", "NEW"] && time.sleeps.isEmpty)
    }

    @Test func `a call stops when the fresh credentials are refused as well`() async {
        let transport = ScriptedTransport(.error("ExpiredTokenException"))
        await #expect {
            try await client(transport, cached(ScriptedProvider(old, new, old))).call("X", [:])
        } throws: {
            ($0 as? AWSError)?.category == .credentials
        }
        #expect(transport.requests.count == 2)
    }

    @Test func `a call never makes more attempts than allowed, with renewed credentials or without`() async {
        let transport = ScriptedTransport(.error("ExpiredTokenException"))
        await #expect(throws: AWSError.self) {
            try await client(transport, cached(ScriptedProvider(old, new)), maxAttempts: 1).call("X", [:])
        }
        #expect(transport.requests.count == 1)
    }

    @Test func `each attempt is signed with the credentials of the moment`() async throws {
        let transport = ScriptedTransport(.ok)
        let client = client(transport, ScriptedProvider(old, new))
        for _ in 0..<2 { _ = try await client.call("X", [:]) }
        #expect(transport.requests.map { signer(of: $0) } == ["OLD", "NEW"])
    }

    @Test func `a call that loses its credentials between two attempts does not report that nothing was sent`()
        async throws
    {
        let old = old
        let provider = ScriptedProvider([{ old }, { nil }])
        await #expect {
            try await client(ScriptedTransport(.error("ThrottlingException")), provider).call("X", [:])
        } throws: {
            if case .provider(let fault) = $0 as? AWSError { fault.provider == "scripted" } else { false }
        }
    }

    @Test func `a call without credentials reports it and sends nothing`() async {
        let transport = ScriptedTransport(.ok)
        await #expect {
            try await client(transport, ScriptedProvider(nil)).call("X", [:])
        } throws: {
            "\($0)".hasPrefix("no AWS credentials (scripted: nothing left); ")
        }
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: [-365.0, 365])
    func `a client takes the service's time once and keeps it`(_ days: Double) async throws {
        // The service's time is 2026-11-23T01:02:03Z; this machine's is a year off.
        let skewed = FakeTime(now: Timestamp(seconds: 1_795_395_723 + days * 86_400))
        let transport = ScriptedTransport(
            .error("RequestTimeTooSkewed", status: 403, headers: ["Date": "Mon, 23 Nov 2026 01:02:03 GMT"]), .ok)
        let client = AWSJSONClient(
            service: .athena, targetPrefix: "AmazonAthena",
            endpoint: Endpoint(.athena, region: Region("us-east-1")!), credentials: ExplicitCredentials(old),
            transport: transport, runtime: skewed.runtime, logger: log.logger)
        for _ in 0..<2 { _ = try await client.call("X", [:]) }
        #expect(
            transport.requests.map { $0.headers["X-Amz-Date"] }.suffix(2) == ["20261123T010203Z", "20261123T010203Z"])
        #expect(transport.requests.count == 3 && skewed.sleeps.isEmpty)
        #expect(log.warnings.contains { $0.message.description.contains("clock") })
    }

    @Test(arguments: [nil, "yesterday", "Mon, 23 Nov 2026 01:02:03 GMT"])
    func `a call stops when the service's time does not help or is missing`(_ date: String?) async {
        var headers = HTTPHeaders()
        headers["Date"] = date
        let transport = ScriptedTransport(
            .error("InvalidSignatureException", message: "Signature expired: …", headers: headers))
        await #expect {
            try await client(transport, ExplicitCredentials(old)).call("X", [:])
        } throws: {
            ($0 as? AWSError)?.category == .credentials
        }
        #expect(transport.requests.count <= 2)
    }
}
