import AWS
import HTTPTransport
import Testing

@Suite struct `Assuming a role` {
    private static let base = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"

    private static func role(_ profile: String, _ name: String, _ more: String) -> String {
        "[profile \(profile)]\nrole_arn = arn:aws:iam::123456789012:role/\(name)\n\(more)\n"
    }

    private func key(_ config: String, profile: String = "p", _ environment: [String: String] = [:]) async throws
        -> String
    {
        let world = CredentialWorld(config: config, environment)
        defer { withExtendedLifetime(world) {} }
        return try await world.chain(profile: profile).credentials().accessKeyID
    }

    @Test func `a role is requested with all that the profile sets, at the region's STS`() async throws {
        let world = CredentialWorld(
            config: Self.base
                + Self.role(
                    "p", "R",
                    "source_profile = base\nexternal_id = e&x=1\nduration_seconds = 900\nrole_session_name = n"))
        _ = try await world.chain(profile: "p").credentials()
        let call = try #require(world.identity.calls.first)
        #expect(
            FakeIdentity.form(call.body) == [
                "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::123456789012:role/R",
                "RoleSessionName": "n", "ExternalId": "e&x=1", "DurationSeconds": "900",
            ])
        #expect(world.transport.requests.map(\.url.description) == ["https://sts.eu-west-1.amazonaws.com/"])
        #expect(call.headers["authorization"]?.contains("/eu-west-1/sts/aws4_request") == true)
        #expect(world.directTransport.requests.isEmpty)
    }

    @Test func `a role session without a configured name is named after the program and the time`() async throws {
        let world = CredentialWorld(config: Self.base + Self.role("p", "R", "source_profile = base"))
        _ = try await world.chain(profile: "p").credentials()
        #expect(FakeIdentity.form(world.identity.calls[0].body)["RoleSessionName"] == "athena-export-1795395723")
    }

    @Test func `a role may be assumed with another role, in a chain`() async throws {
        let config =
            Self.base + Self.role("a", "A", "source_profile = base") + Self.role("b", "B", "source_profile = a")
            + Self.role("p", "C", "source_profile = b")
        #expect(try await key(config) == "CFROMBFROMAFROMBASE111")
    }

    @Test func `a chain of roles asks STS for each role once an hour, not for the whole chain each time`() async throws
    {
        let world = CredentialWorld(
            config: Self.base + Self.role("a", "A", "source_profile = base")
                + Self.role("p", "B", "source_profile = a"))
        let cached = try world.cached(profile: "p")
        for _ in 0..<3 { _ = try await cached.credentials() }
        #expect(world.identity.calls.count == 2)
        // The outer credentials are refused, and only they are fetched again.
        await cached.invalidate(try await cached.credentials())
        _ = try await cached.credentials()
        #expect(world.identity.calls.count == 3)
        world.time.advance(by: .seconds(3000))
        world.identity.serial = 2
        #expect(try await cached.credentials().accessKeyID == "BFROMAFROMBASE22")
        #expect(world.identity.calls.count == 5)
    }

    @Test func `a role is assumed with the environment's keys where the profile names them as its source`() async throws
    {
        let environment = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"]
        let config = Self.role("p", "R", "credential_source = Environment")
        #expect(try await key(config, environment) == "RFROMENV1")
        let error = try #require(await CredentialWorld(config: config).failure(profile: "p"))
        #expect("\(error)".contains("environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"))
    }

    @Test func `a role may be assumed with the same profile's own keys`() async throws {
        let keys = "source_profile = p\naws_access_key_id = OWN\naws_secret_access_key = s"
        #expect(try await key(Self.role("p", "R", keys)) == "RFROMOWN1")
    }

    @Test
    func `a role is assumed with its source profile's keys, not with that profile's role, if the source has both`()
        async throws
    {
        let both = "source_profile = base\naws_access_key_id = BOTH\naws_secret_access_key = s"
        let config = Self.base + Self.role("a", "A", both) + Self.role("p", "R", "source_profile = a")
        #expect(try await key(config) == "RFROMBOTH1")
    }

    @Test(arguments: [
        (role("p", "R", "source_profile = p"), "source_profile of profile \"p\": it leads in a circle: p → p"),
        (
            role("p", "R", "source_profile = a") + role("a", "A", "source_profile = b")
                + role("b", "B", "source_profile = a"),
            "source_profile of profile \"b\": it leads in a circle: p → a → b → a"
        ),
        (
            role("p", "R", "source_profile = a") + role("a", "A", "source_profile = p"),
            "source_profile of profile \"a\": it leads in a circle: p → a → p"
        ),
        (role("p", "R", "source_profile = gone"), "source_profile of profile \"p\": the profile \"gone\" is not in "),
        (role("p", "R", ""), "role_arn of profile \"p\": source_profile or credential_source is missing"),
        (
            role("p", "R", "source_profile = p\ncredential_source = Environment"),
            "role_arn of profile \"p\": source_profile and credential_source exclude each other"
        ),
        (role("p", "R", "credential_source = environment"), "credential_source of profile \"p\": it is not "),
        (
            base + role("p", "R", "source_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me"),
            "mfa_serial of profile \"p\": a role with an MFA code is not supported"
        ),
        (
            base + role("p", "R", "source_profile = base\nduration_seconds = soon"),
            "duration_seconds of profile \"p\": it is no number of seconds"
        ),
    ])
    func `a role that cannot be assumed is an error of the configuration`(_ config: String, _ problem: String)
        async throws
    {
        let world = CredentialWorld(config: config)
        let error = try #require(await world.failure(profile: "p"))
        #expect(error.category == .configuration && error.fault.hasPrefix(problem), "\(error)")
        #expect(world.identity.calls.isEmpty)
    }

    @Test func `a role whose source has no credentials is an error with the reasons`() async throws {
        let config = "[profile empty]\nregion = eu-west-1\n" + Self.role("p", "R", "source_profile = empty")
        let error = try #require(await CredentialWorld(config: config).failure(profile: "p"))
        #expect(error.category == .credentials && "\(error)".contains("config file (profile \"empty\"): no keys in "))
    }

    @Test func `a role that STS refuses is not mistaken for a refusal of the service that was called`() async throws {
        let world = CredentialWorld(config: Self.base + Self.role("p", "R", "source_profile = base"))
        world.identity.mood = .refuses
        let error = try #require(await world.failure(profile: "p"))
        guard case .provider(let fault) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(fault.provider == "assumed role (profile \"p\")" && !fault.isTemporary)
        #expect(fault.problem.hasPrefix("AssumeRole: AccessDenied: not allowed with"))
    }
}

@Suite struct `A web identity` {
    private let variables = ["AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/Pod"]

    @Test func `a web identity goes to STS unsigned, and its token file is read again each time`() async throws {
        let world = CredentialWorld(variables)
        let chain = try world.chain()
        for token in ["first.token", "second.token"] {
            world.write("\(token)\n", to: "token")
            _ = try await chain.credentials()
            let call = try #require(world.identity.calls.last)
            #expect(FakeIdentity.form(call.body)["WebIdentityToken"] == token)
            #expect(FakeIdentity.form(call.body)["Action"] == "AssumeRoleWithWebIdentity")
            #expect(call.headers["authorization"] == nil && call.headers["x-amz-security-token"] == nil)
        }
    }

    @Test(arguments: ["", "two words", "line\nbreak", "žluť", String(repeating: "x", count: 70_000)])
    func `a web identity file without a token is refused`(_ token: String) async throws {
        let world = CredentialWorld(variables)
        world.write(token, to: "token")
        let error = try #require(await world.failure())
        #expect(error.category == .credentials && "\(error)".contains("\(world.files.directory)/token"))
        #expect(world.identity.calls.isEmpty)
    }

    @Test func `a web identity without a role or without its file is an error`() async throws {
        let lonely = CredentialWorld(["AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/token"])
        #expect(try #require(await lonely.failure()).fault.hasPrefix("web identity: there is a token and no role"))
        let error = try #require(await CredentialWorld(variables).failure())
        #expect("\(error)".contains("token does not exist"))
    }

    @Test func `a web identity of the environment is ignored where a profile was named as an argument`() async throws {
        let world = CredentialWorld(
            credentials: "[p]\naws_access_key_id = FILE\naws_secret_access_key = s\n", variables)
        world.write("token", to: "token")
        #expect(try await world.chain(profile: "p").credentials().accessKeyID == "FILE")
        #expect(try await world.chain().credentials().accessKeyID == "PodWEB1")
    }
}
