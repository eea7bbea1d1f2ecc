import AWS
import Clock
import InMemoryLogging
import Logging
import Testing
import TestSupport

/// One provider, and the set-up that it needs.
struct ProviderCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var config = ""
    var environment: [String: String] = [:]
    /// The access key without its serial number.
    let key: String
    var files: [String: String] = [:]
    var signIn: (token: String, file: String)?
    var isProcess = false

    func world(_ mood: FakeIdentity.Mood = .gives) -> CredentialWorld {
        let world = CredentialWorld(config: config, environment)
        for (name, text) in files { world.write(text, to: name) }
        if let signIn { world.signIn(signIn.token, file: signIn.file) }
        set(mood, serial: 1, in: world)
        return world
    }

    func set(_ mood: FakeIdentity.Mood, serial: Int, in world: CredentialWorld) {
        world.identity.mood = mood
        world.identity.serial = serial
        guard isProcess else { return }
        let good = """
            {"Version": 1, "AccessKeyId": "PROCESS\(serial)", "SecretAccessKey": "s", "SessionToken": "t",
             "Expiration": "\(world.identity.expiration.iso8601)"}
            """
        switch mood {
        case .gives: world.write("cat <<'END'\n\(good)\nEND\n", to: "print.sh")
        case .refuses: world.write("echo \(FakeIdentity.canary) >&2; exit 3\n", to: "print.sh")
        case .babbles, .babblesOnRenewal: world.write("echo \(FakeIdentity.canary)\n", to: "print.sh")
        }
    }

    private static let role = "role_arn = arn:aws:iam::123456789012:role/Reader\n"
    private static let later = "2026-12-31T00:00:00Z"
    private static let sso = "sso_account_id = 123456789012\nsso_role_name = Reader\n"
    private static let portal = "sso_start_url = https://d.awsapps.com/start\nsso_region = eu-west-2\n"

    static let all = [
        ProviderCase(
            testDescription: "a role from another profile's keys",
            config: """
                [default]
                \(role)source_profile = base
                external_id = e x/1
                duration_seconds = 900
                role_session_name = nightly
                [profile base]
                aws_access_key_id = BASE
                aws_secret_access_key = s
                """, key: "ReaderFROMBASE"),
        ProviderCase(
            testDescription: "a role from the container",
            config: "[default]\n\(role)credential_source = EcsContainer\n",
            environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/container"], key: "ReaderFROMCONTAINER1"),
        ProviderCase(
            testDescription: "a role from the instance",
            config: "[default]\n\(role)credential_source = Ec2InstanceMetadata\n", key: "ReaderFROMINSTANCE1"),
        ProviderCase(
            testDescription: "a web identity of the environment",
            environment: [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/Pod",
                "AWS_ROLE_SESSION_NAME": "pod",
            ], key: "PodWEB", files: ["token": "\(FakeIdentity.canary)\n"]),
        ProviderCase(
            testDescription: "a web identity of the profile",
            config: "[default]\n\(role)web_identity_token_file = DIR/token\n", key: "ReaderWEB",
            files: ["token": FakeIdentity.canary]),
        ProviderCase(
            testDescription: "SSO with a session",
            config: "[default]\n\(sso)sso_session = corp\n[sso-session corp]\n\(portal)", key: "SSO",
            signIn: (
                #"{"accessToken": "\#(FakeIdentity.canary)", "expiresAt": "\#(later)"}"#,
                // SHA-1 of "corp".
                "ee0bfd2552fbd840c02cc48b6e823320543c450f"
            )),
        ProviderCase(
            testDescription: "SSO of the older form", config: "[default]\n\(sso)\(portal)", key: "SSO",
            signIn: (
                #"{"accessToken": "\#(FakeIdentity.canary)", "expiresAt": "2026-12-31T00:00:00UTC"}"#,
                // And of the start URL.
                "55ef7a9cf0faa7e6830be02dd04fb62b1c3c5000"
            )),
        ProviderCase(
            testDescription: "a process", config: "[default]\ncredential_process = /bin/sh 'DIR/print.sh'\n",
            key: "PROCESS", isProcess: true),
        ProviderCase(
            testDescription: "a container",
            environment: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/container",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "DIR/token",
            ], key: "CONTAINER", files: ["token": FakeIdentity.canary]),
        ProviderCase(testDescription: "an instance", key: "INSTANCE"),
    ]
}

@Suite struct `All credential providers` {
    @Test(arguments: ProviderCase.all)
    func `a provider gives its credentials, and is logged once and without a secret`(_ way: ProviderCase) async throws {
        let world = way.world()
        let credentials = try await world.cached().credentials()
        #expect(credentials.accessKeyID == "\(way.key)1" && credentials.sessionToken == "t")
        #expect(credentials.expiration.map { world.time.now.duration(to: $0) } == .seconds(3600))
        let found = world.log.entries.filter { $0.level == .info }
        #expect(found.map(\.message) == ["credentials found"])
        #expect(!world.log.text.contains("canary") && !world.log.text.contains("\(way.key)1"))
    }

    @Test(arguments: ProviderCase.all)
    func `a provider is asked again before its credentials expire`(_ way: ProviderCase) async throws {
        let world = way.world()
        let cached = try world.cached()
        _ = try await cached.credentials()
        world.time.advance(by: .seconds(46 * 60))
        way.set(.gives, serial: 2, in: world)
        let key = try await cached.credentials().accessKeyID
        #expect(key.hasSuffix("2") && key.hasPrefix(way.key.filter { !$0.isNumber }))
    }

    @Test(arguments: ProviderCase.all)
    func
        `a provider's credentials serve five more minutes when a renewal is refused, and the error then has the reason`(
            _ way: ProviderCase
        ) async throws
    {
        let world = way.world()
        let cached = try world.cached()
        _ = try await cached.credentials()
        way.set(.refuses, serial: 2, in: world)
        world.time.advance(by: .seconds(46 * 60))
        #expect(try await cached.credentials().accessKeyID == "\(way.key)1")
        #expect(world.log.warnings.contains { $0.message.description.contains("could not be renewed early") })
        world.time.advance(by: .seconds(5 * 60))
        await #expect(throws: AWSError.self) { try await cached.credentials() }
        #expect(!world.log.text.contains("canary"))
    }

    @Test(arguments: ProviderCase.all, [FakeIdentity.Mood.refuses, .babbles])
    func `a provider that is refused or answered with nonsense ends the search, in a line without a secret`(
        _ way: ProviderCase, _ mood: FakeIdentity.Mood
    ) async throws {
        let world = way.world(mood)
        let error = try #require(await world.failure())
        #expect(error.category == .credentials || error.category == .temporary)
        #expect(mood == .babbles || error.category == .credentials)
        #expect("\(error)".contains("no credentials from ") || "\(error)".contains("no AWS credentials ("))
        #expect(!"\(error)".contains("canary") && !"\(error)".contains("\n"), "\(error)")
        #expect(!world.log.text.contains("canary"))
    }

    @Test func `providers are tried in order, and when none has credentials the error has a reason of each`()
        async throws
    {
        let world = CredentialWorld(config: "", ["AWS_EC2_METADATA_DISABLED": "TRUE"])
        let error = try #require(await world.failure())
        let expected = [
            "configuration: it has no aws_access_key_id",
            "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
            "assumed role (profile \"default\"): no role_arn",
            "web identity (profile \"default\"): AWS_WEB_IDENTITY_TOKEN_FILE is not set",
            "SSO (profile \"default\"): no sso_account_id",
            "shared credentials file (profile \"default\"): no such profile in \(world.files.shared.credentials)",
            "login session (profile \"default\"): no login_session",
            "credential process (profile \"default\"): no credential_process",
            "shared config file (profile \"default\"): no such profile in \(world.files.shared.config)",
            "container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
            "instance: AWS_EC2_METADATA_DISABLED is true",
        ]
        #expect("\(error)".hasPrefix("no AWS credentials (\(expected.joined(separator: "; ")));"), "\(error)")
        #expect(world.identity.calls.isEmpty)
    }

    @Test func `no provider is tried while there are keys`() async throws {
        for explicit in [Credentials.test, nil] {
            let world = CredentialWorld(
                config: "[default]\nrole_arn = r\nsource_profile = gone\n",
                explicit == nil ? ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"] : [:])
            let chain = CredentialChain.standard(explicit: explicit, context: try world.context())
            #expect(try await chain.credentials().accessKeyID == explicit?.accessKeyID ?? "AKID")
            #expect(world.identity.calls.isEmpty)
        }
    }
}
