import AWS
import Clock
import HTTPTransport
import InMemoryLogging
import Logging
import Testing
import TestSupport

@Suite struct `Keys and tokens` {
    @Test func `keys and tokens show nothing however they are printed`() {
        var dumped = ""
        dump(Credentials.test, to: &dumped)
        let optional: Credentials? = .test
        let texts = [
            "\(Credentials.test)", String(reflecting: Credentials.test), dumped, "\([Credentials.test])",
            "\(optional as Any)",
            String(describing: Mirror(reflecting: Credentials.test).children.map(\.value)),
        ]
        for text in texts { #expect(!text.contains("canary") && !text.contains("AKID"), "\(text)") }
    }

    @Test(arguments: [
        "", " ", "key\r\nX-Evil: 1", "key\n", "two words", "tab\tbed", "nul\0", "žluť", "<YOUR_SECRET>", "\u{1b}[0m",
    ])
    func `keys that cannot stand in a header are refused without being quoted`(_ value: String) {
        let isEmpty = value.isEmpty
        for (keyID, secret, token) in [(value, "secret", nil), ("AKID", value, nil), ("AKID", "secret", value)]
        where !isEmpty || token == nil {
            #expect {
                try Credentials(checking: keyID, secretAccessKey: secret, sessionToken: token)
            } throws: {
                value.count < 4 || !"\($0)".contains(value)
            }
        }
    }

    /// Programs that know no other form print an empty token, and botocore takes it for none.
    @Test func `credentials with an empty session token have no token, from every provider`() async throws {
        #expect(try Credentials(checking: "AKID", secretAccessKey: "s", sessionToken: "").sessionToken == nil)
        let role = "role_arn = arn:aws:iam::1:role/R\n"
        let sso =
            "sso_account_id = 1\nsso_role_name = R\nsso_start_url = https://d.awsapps.com/start\nsso_region = eu-west-2\n"
        let setUps: [(config: String, variables: [String: String])] = [
            ("", ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/container"]), ("", [:]),
            ("[default]\n\(role)credential_source = Ec2InstanceMetadata\n", [:]),
            ("[default]\n\(role)web_identity_token_file = DIR/token\n", [:]), ("[default]\n\(sso)", [:]),
            ("[default]\naws_access_key_id = A\naws_secret_access_key = s\naws_session_token =\n", [:]),
            ("", ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": ""]),
        ]
        for (config, variables) in setUps {
            let world = CredentialWorld(config: config, variables)
            world.identity.sessionToken = ""
            world.write("a.token", to: "token")
            world.signIn(
                #"{"accessToken": "t", "expiresAt": "2099-12-31T00:00:00Z"}"#,
                file: "55ef7a9cf0faa7e6830be02dd04fb62b1c3c5000")
            let credentials = try await world.chain().credentials()
            #expect(credentials.sessionToken == nil && !credentials.accessKeyID.isEmpty, "\(config) \(variables)")
        }
    }

    @Test(arguments: ["AKID/20261123", "AKID,x", "AKID=x"])
    func `a key ID that would change the signature's scope is refused`(_ value: String) {
        #expect(throws: CredentialsFault.self) { try Credentials(checking: value, secretAccessKey: "secret") }
    }
}

@Suite struct `Credentials from the environment` {
    private func credentials(_ variables: [String: String]) async throws -> Credentials? {
        try await EnvironmentCredentials(AWSEnvironment(variables)).found()
    }

    @Test func `the environment's credentials are the two keys, the token and the expiration`() async throws {
        let credentials = try await credentials([
            "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
            "AWS_SECURITY_TOKEN": "old", "AWS_CREDENTIAL_EXPIRATION": "2026-11-23T01:02:03Z",
        ])
        #expect(
            credentials
                == Credentials(
                    accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: "token",
                    expiration: Timestamp(iso8601: "2026-11-23T01:02:03Z")))
    }

    @Test func `the environment has no credentials where neither key is set, or both are empty`() async throws {
        #expect(try await credentials([:]) == nil)
        #expect(try await credentials(["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]) == nil)
    }

    @Test(arguments: [
        ["AWS_ACCESS_KEY_ID": "canary"], ["AWS_SECRET_ACCESS_KEY": "canary"],
        ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "canary\n"],
        ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CREDENTIAL_EXPIRATION": "canary"],
    ])
    func `incomplete credentials in the environment are an error, not a reason to ask the next provider`(
        _ variables: [String: String]
    ) async {
        await #expect {
            try await credentials(variables)
        } throws: {
            ($0 as? AWSError)?.category == .configuration && !"\($0)".contains("canary")
        }
    }
}

@Suite struct `The credential chain` {
    private let logger = InMemoryLogHandler(level: .trace).logger

    @Test func `the chain takes the first credentials that it finds`() async throws {
        let last = ScriptedProvider(.test)
        let chain = CredentialChain(
            [ExplicitCredentials(nil), ExplicitCredentials(.test), last], logger: logger)
        #expect(try await chain.credentials() == .test)
        #expect(last.calls == 0)
    }

    @Test func `the chain's error names each provider and what was missing there`() async {
        let chain = CredentialChain(
            [ExplicitCredentials(nil), EnvironmentCredentials(AWSEnvironment([:]))], logger: logger)
        await #expect {
            try await chain.credentials()
        } throws: { error in
            let text = "\(error)"
            return (error as? AWSError)?.category == .credentials && text.contains("configuration: it has no")
                && text.contains("environment: AWS_ACCESS_KEY_ID") && !text.contains("\n")
        }
    }

    @Test func `the chain stays with the provider that had credentials, and logs once which it was`() async throws {
        let (first, second) = (
            ScriptedProvider([{ nil }, { .test }]), ScriptedProvider([{ .test }, { .test }, { nil }])
        )
        let log = InMemoryLogHandler(level: .trace)
        let chain = CredentialChain([first, second], logger: log.logger)
        for _ in 0..<2 { #expect(try await chain.credentials() == .test) }
        #expect(first.calls == 1 && log.entries.map(\.message) == ["credentials found"])
        #expect(log.entries.map(\.level) == [.info] && !log.text.contains("AKID"))
        await #expect {
            try await chain.credentials()
        } throws: {
            ($0 as? AWSError)?.category == .temporary && "\($0)".contains("nothing left, although it had some before")
        }
        #expect(first.calls == 1)
    }

    @Test func `the chain stops at a provider that is configured and broken`() async {
        let last = ScriptedProvider(.test)
        let broken = EnvironmentCredentials(AWSEnvironment(["AWS_ACCESS_KEY_ID": "AKID"]))
        await #expect(throws: AWSError.self) {
            try await CredentialChain([broken, last], logger: logger).credentials()
        }
        #expect(last.calls == 0)
    }

    @Test func `the chain ignores the environment's keys when a profile was named as an argument`() async throws {
        let environment = AWSEnvironment(["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"])
        let files = TemporaryFiles(config: "", credentials: "[p]\naws_access_key_id=FILE\naws_secret_access_key=s\n")
        let config = try files.shared.load()
        for (profile, expected) in [(nil, "ENV"), ("p", "FILE")] {
            let settings = try AWSSettings(
                explicit: .init(profile: profile), environment: environment, sharedConfig: config)
            let unused = ScriptedTransport([{ _ in throw HTTPTransportError.closed }])
            let chain = CredentialChain.standard(
                explicit: nil,
                context: CredentialContext(
                    settings: settings, files: files.shared, transport: unused, directTransport: unused, logger: logger)
            )
            #expect(try await chain.credentials().accessKeyID == expected)
        }
    }
}
