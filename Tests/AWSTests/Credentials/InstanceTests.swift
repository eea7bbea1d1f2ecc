import AWS
import Clock
import HTTPTransport
import InMemoryLogging
import Logging
import Testing
import TestSupport

@Suite struct `The metadata of an instance` {
    private static let paths = [
        "/latest/api/token", "/latest/meta-data/iam/security-credentials/",
        "/latest/meta-data/iam/security-credentials/my-role",
    ]
    private static let credentials = """
        {"Code": "Success", "AccessKeyId": "AKID", "SecretAccessKey": "s", "Token": "t",
         "Expiration": "2026-11-23T07:00:00Z"}
        """

    private func provider(_ transport: ScriptedTransport, _ environment: [String: String] = [:], config: String = "")
        throws -> InstanceCredentials
    {
        let world = CredentialWorld(config: config, environment)
        return InstanceCredentials(
            CredentialContext(
                settings: try AWSSettings(
                    environment: AWSEnvironment(world.environment), sharedConfig: try world.files.shared.load()),
                files: world.files.shared, transport: world.transport, directTransport: transport,
                runtime: world.time.runtime, logger: world.log.logger))
    }

    private static func ok(_ text: String) -> ScriptedTransport.Answer {
        { _ in HTTPResponse(status: 200, body: Array(text.utf8)) }
    }

    private static func status(_ status: Int) -> ScriptedTransport.Answer { { _ in HTTPResponse(status: status) } }

    private static func timeout(_ phase: HTTPTransportError.Phase) -> ScriptedTransport.Answer {
        { request in throw HTTPTransportError.timedOut(host: request.url.host, phase: phase, limit: .seconds(1)) }
    }

    @Test func `the metadata service is asked for a token, the role and its credentials`() async throws {
        let transport = ScriptedTransport([Self.ok("the-token"), Self.ok("my-role\n"), Self.ok(Self.credentials)])
        #expect(try await provider(transport).found()?.accessKeyID == "AKID")
        #expect(transport.requests.map(\.url.description) == Self.paths.map { "http://169.254.169.254\($0)" })
        #expect(transport.requests.map(\.method) == ["PUT", "GET", "GET"])
        #expect(transport.requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        #expect(transport.requests.dropFirst().allSatisfy { $0.headers["x-aws-ec2-metadata-token"] == "the-token" })
        #expect(transport.requests.allSatisfy { $0.limits.connect == .seconds(1) && $0.limits.total == .seconds(2) })
    }

    /// After a refused token request: whether version 1 is used, or none.
    @Test(
        arguments: [
            (status(403), true), (status(404), true), (status(405), true), (timeout(.total), true),
            (timeout(.stall), true),
            (status(400), false), (status(500), false), (timeout(.connect), false), (ok("a\r\nb"), false),
            (ok(""), false),
        ] as [(ScriptedTransport.Answer, Bool)])
    func `the metadata service is asked by version 1 where version 2 is missing, unless that is disabled`(
        _ answer: @escaping ScriptedTransport.Answer, _ goesOn: Bool
    ) async throws {
        let transport = ScriptedTransport([answer, Self.ok("my-role"), Self.ok(Self.credentials)])
        #expect(try await (provider(transport).found() != nil) == goesOn)
        #expect(transport.requests.count == (goesOn ? 3 : 1))
        #expect(transport.requests.allSatisfy { $0.headers["x-aws-ec2-metadata-token"] == nil })

        let second = ScriptedTransport([answer, Self.ok("my-role"), Self.ok(Self.credentials)])
        let reason = try await provider(second, ["AWS_EC2_METADATA_V1_DISABLED": "true"]).absence()
        #expect(reason != nil && second.requests.count == 1)
        #expect(reason?.contains("version 1 is disabled") == goesOn)
    }

    @Test func `a metadata service that does not answer is named with the time it took`() async throws {
        let reason = try await provider(ScriptedTransport([Self.timeout(.connect)])).absence()
        #expect(reason == "no answer from 169.254.169.254 within 1 s")
    }

    @Test(arguments: [
        ("../../secret", credentials, "an invalid role name"), ("", credentials, "with HTTP 200"),
        ("my-role", "[]", "the answer of"), ("my-role", "{", "the answer of"),
        ("my-role", #"{"Code": "AssumeRoleUnauthorizedAccess"}"#, "my-role: AssumeRoleUnauthorizedAccess"),
        ("my-role", #"{"AccessKeyId": "A", "SecretAccessKey": "s"}"#, "does not say when"),
    ])
    func `a metadata answer that makes no sense gives no credentials`(
        _ role: String, _ document: String, _ problem: String
    ) async throws {
        let reason = try await provider(ScriptedTransport([Self.ok("token"), Self.ok(role), Self.ok(document)]))
            .absence()
        #expect(reason?.contains(problem) == true, "\(reason ?? "")")
    }

    @Test func `the metadata service is asked as often, as long and where the settings say`() async throws {
        let transport = ScriptedTransport([
            Self.ok("t"), Self.status(500), Self.ok("my-role"), Self.ok(Self.credentials),
        ])
        let environment = [
            "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2", "AWS_METADATA_SERVICE_TIMEOUT": "3",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6",
        ]
        #expect(try await provider(transport, environment).found() != nil)
        #expect(transport.requests.count == 4 && transport.requests[0].limits.connect == .seconds(3))
        #expect(transport.requests[0].url.description == "http://[fd00:ec2::254]/latest/api/token")

        let custom = ScriptedTransport([Self.timeout(.connect)])
        _ = try await provider(custom, config: "[default]\nec2_metadata_service_endpoint = http://h:81/base\n").found()
        #expect(custom.requests.first?.url.description == "http://h:81/base/latest/api/token")
    }

    @Test(arguments: [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "file:///etc/passwd"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://h/?q"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "5"), ("AWS_METADATA_SERVICE_TIMEOUT", "0"),
        ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many"), ("AWS_EC2_METADATA_V1_DISABLED", "maybe"),
    ])
    func `the metadata service is not asked with invalid settings`(_ variable: String, _ value: String) async throws {
        let transport = ScriptedTransport([Self.timeout(.connect)])
        await #expect {
            try await provider(transport, [variable: value]).lookUp()
        } throws: {
            ($0 as? AWSError)?.category == .configuration && "\($0)".contains(variable)
        }
        #expect(transport.requests.isEmpty)
    }

    @Test func `the metadata service is not asked where it is disabled`() async throws {
        let transport = ScriptedTransport([Self.timeout(.connect)])
        #expect(
            try await provider(transport, ["AWS_EC2_METADATA_DISABLED": "True"]).absence()
                == "AWS_EC2_METADATA_DISABLED is true")
        #expect(transport.requests.isEmpty)
    }

    @Test func `the metadata service's credentials serve some more minutes where AWS could not renew them`()
        async throws
    {
        // The credentials expired an hour ago; the random number is 0.5.
        let stale = Self.credentials.replacing("07:00:00", with: "00:00:00")
        let transport = ScriptedTransport([Self.ok("token"), Self.ok("my-role"), Self.ok(stale)])
        let credentials = try #require(try await provider(transport).found())
        let now = FakeTime().now
        #expect(credentials.expiration.map { now.duration(to: $0) } == .seconds(15 * 60 + 120 + 240))
    }
}
