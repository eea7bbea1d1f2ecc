import AWS
import Clock
import Foundation
import HTTPTransport
import InMemoryLogging
import JSON
import Logging
import SystemPackage
import Testing
import TestSupport

@Suite struct `Signing in with SSO` {
    private static let config = """
        [default]
        sso_account_id = 123456789012
        sso_role_name = Data Reader
        sso_session = corp
        [sso-session corp]
        sso_start_url = https://d.awsapps.com/start
        sso_region = eu-west-2
        """
    private static let file = "ee0bfd2552fbd840c02cc48b6e823320543c450f"

    /// A token with so many minutes left, and a registration to renew it with.
    private func world(minutes: Int, registrationMinutes: Int = 1000, isRenewable: Bool = true) -> CredentialWorld {
        let world = CredentialWorld(config: Self.config)
        func moment(_ minutes: Int) -> String { world.time.now.advanced(by: .seconds(minutes * 60)).iso8601 }
        let renewal =
            isRenewable
            ? """
            , "refreshToken": "canary-refresh", "clientId": "id", "clientSecret": "canary-client-secret",
             "registrationExpiresAt": "\(moment(registrationMinutes))"
            """ : ""
        world.signIn(
            #"{"accessToken": "canary-old-token", "expiresAt": "\#(moment(minutes))", "more": [1]\#(renewal)}"#,
            file: Self.file)
        return world
    }

    @Test func `an SSO sign-in takes the role from the portal of the session's region, unsigned`() async throws {
        let world = world(minutes: 60)
        #expect(try await world.chain().credentials().accessKeyID == "SSO1")
        let request = try #require(world.transport.requests.first)
        #expect(
            request.url.description
                == "https://portal.sso.eu-west-2.amazonaws.com/federation/credentials?role_name=Data%20Reader&account_id=123456789012"
        )
        #expect(request.headers["x-amz-sso_bearer_token"] == "canary-old-token")
        #expect(request.headers["Authorization"] == nil && world.transport.requests.count == 1)
    }

    @Test(arguments: [14, 1, -5])
    func `a token that has less than 15 minutes left is renewed, and stored for the next command`(_ minutes: Int)
        async throws
    {
        let world = world(minutes: minutes)
        #expect(try await world.chain().credentials().accessKeyID == "SSORENEWED1")
        #expect(
            world.transport.requests.map { $0.url.description.prefix { $0 != "?" } } == [
                "https://oidc.eu-west-2.amazonaws.com/token",
                "https://portal.sso.eu-west-2.amazonaws.com/federation/credentials",
            ])
        let sent = JSONField(try JSONValue(parsing: world.transport.requests[0].body))
        #expect(try sent.member("refreshToken").string() == "canary-refresh")
        #expect(try sent.member("grantType").string() == "refresh_token")
        let path = world.files.directory.appending(".aws/sso/cache/\(Self.file).json").string
        let kept = JSONField(try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path)))))
        #expect(try kept.member("accessToken").string() == "\(FakeIdentity.canary)-renewed")
        #expect(try kept.member("refreshToken").string() == "next")
        #expect(try kept.member("clientSecret").string() == "canary-client-secret")
        #expect(try kept.member("more").elements().count == 1)
        #expect(try kept.member("expiresAt").string() == "2026-11-23T09:02:03Z")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // The next chain finds the renewed token.
        _ = try await world.chain().credentials()
        #expect(world.transport.requests.count == 3)
    }

    @Test func `a token is renewed in the file that a link leads to, where other tools read it`() async throws {
        let world = world(minutes: 1)
        let link = world.files.directory.appending(".aws/sso/cache/\(Self.file).json").string
        let file = world.files.directory.appending("shared-token.json").string
        try FileManager.default.moveItem(atPath: link, toPath: file)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        #expect(try await world.chain().credentials().accessKeyID == "SSORENEWED1")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == file)
        let kept = JSONField(try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: file)))))
        #expect(try kept.member("accessToken").string() == "\(FakeIdentity.canary)-renewed")
    }

    @Test func `a token that cannot be renewed serves for its last minutes`() async throws {
        for world in [world(minutes: 10, isRenewable: false), world(minutes: 10, registrationMinutes: -1)] {
            #expect(try await world.chain().credentials().accessKeyID == "SSO1")
            #expect(world.transport.requests.count == 1)
        }
        for mood in [FakeIdentity.Mood.refuses, .babblesOnRenewal] {
            let world = world(minutes: 10)
            world.identity.mood = mood
            let credentials = try? await world.chain().credentials()
            // A service that refuses everything gives no credentials for the token either.
            #expect(mood == .refuses || credentials?.accessKeyID == "SSO1")
            #expect(world.log.text.contains("the SSO token could not be renewed") && !world.log.text.contains("canary"))
        }
    }

    @Test func `a missing, expired or broken token is an error that advises to sign in again`() async throws {
        let nobody = CredentialWorld(config: Self.config)
        let broken = CredentialWorld(config: Self.config)
        broken.signIn(#"{"accessToken": 5, "expiresAt": "canary"}"#, file: Self.file)
        let evil = CredentialWorld(config: Self.config)
        evil.signIn(#"{"accessToken": "canary\r\nX: y", "expiresAt": "2030-01-01T00:00:00Z"}"#, file: Self.file)
        let refused = world(minutes: -1)
        refused.identity.mood = .refuses
        for world in [nobody, broken, evil, refused, world(minutes: -1, isRenewable: false)] {
            let error = try #require(await world.failure())
            #expect(error.category == .credentials && !"\(error)".contains("canary"))
            #expect("\(error)".contains("run aws sso login --profile default and the same command again"), "\(error)")
            #expect(!world.log.text.contains("canary"))
        }
    }

    @Test(arguments: [
        ("[default]\nsso_account_id = 1\n", "sso_role_name of profile \"default\": it is missing"),
        (
            "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = gone\n",
            "sso_session of profile \"default\": there is no section [sso-session gone]"
        ),
        (
            "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = s\nsso_region = eu-west-1\n"
                + "[sso-session s]\nsso_start_url = u\nsso_region = eu-west-2\n",
            "sso_region of profile \"default\": the sso-session has another value"
        ),
        (
            "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_start_url = u\nsso_region = evil.com/\n",
            "sso_region of profile \"default\": \"evil.com/\" is no region"
        ),
    ])
    func `an error about an SSO profile names what is missing or contradicts itself`(
        _ config: String, _ problem: String
    ) async throws {
        let error = try #require(await CredentialWorld(config: config).failure())
        #expect(error.category == .configuration && error.fault.hasPrefix(problem), "\(error)")
    }
}

@Suite struct `A login session` {
    @Test func `a login session is refused with a way around it, before a process and after the credentials file`()
        async throws
    {
        let config = "[default]\nlogin_session = arn:aws:iam::1:user/me\ncredential_process = /bin/false\n"
        let error = try #require(await CredentialWorld(config: config).failure())
        #expect(error.fault.hasPrefix("login_session of profile \"default\": sessions of aws login are not supported"))
        let world = CredentialWorld(
            config: config, credentials: "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n")
        #expect(try await world.chain().credentials().accessKeyID == "FILE")
    }
}
