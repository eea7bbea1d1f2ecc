import AWS
import Clock
import HTTPTransport
import InMemoryLogging
import Logging
import Loopback
import SystemPackage
import Testing
import TestSupport

/// The same files, variables and endpoints, over real sockets.
@Suite(.limitedConcurrency, .enabled(if: BotocoreSigner.python != nil, "needs botocore: run Tests/setup"))
struct `The credential chain and botocore's` {
    /// One set-up beside the shared files and endpoints, and its result.
    struct SetUp {
        let what: String
        var environment: [String: String] = [:]
        var profile: String?
        /// botocore's name for the provider; nil if it fails.
        let method: String?
    }

    private static let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"]
    private static let webIdentity = [
        "AWS_WEB_IDENTITY_TOKEN_FILE": "DIR/token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/Pod",
    ]
    private static let container = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container"]
    private static let off = ["AWS_EC2_METADATA_DISABLED": "true"]

    private static func all(_ parts: [String: String]...) -> [String: String] {
        parts.reduce([:]) { $0.merging($1) { $1 } }
    }

    static let setUps = [
        SetUp(
            what: "keys of the environment before everything", environment: all(keys, webIdentity, container),
            method: "env"),
        SetUp(
            what: "AWS_PROFILE after the environment's keys", environment: all(keys, ["AWS_PROFILE": "role"]),
            method: "env"),
        SetUp(
            what: "a named profile before the environment's keys", environment: keys, profile: "static",
            method: "shared-credentials-file"),
        SetUp(what: "a role", environment: ["AWS_PROFILE": "role"], method: "assume-role"),
        SetUp(what: "a role of a role", profile: "chained", method: "assume-role"),
        SetUp(what: "a role with the profile's own keys", profile: "self", method: "assume-role"),
        SetUp(what: "a role before the same profile's keys", profile: "both", method: "assume-role"),
        SetUp(
            what: "a role from the environment's keys", environment: keys, profile: "from-environment",
            method: "assume-role"),
        SetUp(
            what: "a role from the container", environment: container, profile: "from-container", method: "assume-role"),
        SetUp(what: "a role from the instance", profile: "from-instance", method: "assume-role"),
        SetUp(what: "a role from SSO", profile: "from-sso", method: "assume-role"),
        SetUp(what: "a role from a process", profile: "from-process", method: "assume-role"),
        SetUp(
            what: "a web identity of the environment", environment: webIdentity, method: "assume-role-with-web-identity"
        ),
        SetUp(
            what: "a role before a web identity of the environment",
            environment: all(webIdentity, ["AWS_PROFILE": "role"]), method: "assume-role"),
        SetUp(
            what: "a web identity of the environment before a profile's SSO",
            environment: all(webIdentity, ["AWS_PROFILE": "sso"]), method: "assume-role-with-web-identity"),
        SetUp(
            what: "no web identity of the environment for a named profile", environment: webIdentity, profile: "static",
            method: "shared-credentials-file"),
        SetUp(what: "a web identity of the profile", profile: "web", method: "assume-role-with-web-identity"),
        SetUp(what: "SSO", profile: "sso", method: "sso"),
        SetUp(what: "SSO of the older form", profile: "sso-old", method: "sso"),
        SetUp(what: "SSO before keys", profile: "sso-and-keys", method: "sso"),
        SetUp(
            what: "the credentials file before a process", profile: "keys-and-process",
            method: "shared-credentials-file"),
        SetUp(what: "a process before the config file", profile: "process-and-keys", method: "custom-process"),
        SetUp(what: "the config file", profile: "config", method: "config-file"),
        SetUp(
            what: "the config file before a container", environment: all(container, ["AWS_PROFILE": "config"]),
            method: "config-file"),
        SetUp(what: "a container before an instance", environment: container, method: "container-role"),
        SetUp(what: "an instance", method: "iam-role"),
        SetUp(
            what: "the environment beside a device for a file",
            environment: all(keys, ["AWS_CONFIG_FILE": "/dev/null"]),
            method: "env"),
        SetUp(
            what: "the environment beside a directory for a file",
            environment: all(keys, ["AWS_SHARED_CREDENTIALS_FILE": "DIR"]), method: "env"),
        SetUp(
            what: "the other file beside a directory for one",
            environment: ["AWS_SHARED_CREDENTIALS_FILE": "DIR", "AWS_PROFILE": "config"], method: "config-file"),
        SetUp(
            what: "a named profile in a file that is none",
            environment: ["AWS_SHARED_CREDENTIALS_FILE": "DIR", "AWS_PROFILE": "static"], method: nil),
        SetUp(what: "a process with signs of comments", profile: "process-with-signs", method: "custom-process"),
        SetUp(what: "a process without a session token", profile: "process-without-token", method: "custom-process"),
        SetUp(what: "keys behind colons", profile: "colons", method: "config-file"),
        SetUp(what: "nothing", environment: off, method: "none"),
        SetUp(what: "a role in a circle", profile: "circle", method: nil),
        SetUp(what: "a role with two sources", profile: "two-sources", method: nil),
        SetUp(what: "a role without a source", profile: "no-source", method: nil),
        SetUp(what: "a source profile without keys", environment: off, profile: "from-empty", method: nil),
        SetUp(what: "a profile that is not there", profile: "gone", method: nil),
        SetUp(
            what: "a container at another host",
            environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/"], method: nil),
    ]

    private static let role = "role_arn = arn:aws:iam::123456789012:role"
    private static let sso = "sso_account_id = 123456789012\nsso_role_name = Reader\n"
    private static let process = "credential_process = /bin/sh 'DIR/print.sh' \"a b\""

    private static let config = """
        [profile role]
        \(role)/Role
        source_profile = static
        [profile chained]
        \(role)/Chained
        source_profile = role
        external_id = 12/34 ä
        duration_seconds = 1800
        [profile self]
        \(role)/Self
        source_profile = self
        aws_access_key_id = OWN
        aws_secret_access_key = s
        [profile both]
        \(role)/Both
        source_profile = static
        aws_access_key_id = BOTH
        aws_secret_access_key = s
        [profile from-environment]
        \(role)/Role
        credential_source = Environment
        [profile from-container]
        \(role)/Role
        credential_source = EcsContainer
        [profile from-instance]
        \(role)/Role
        credential_source = Ec2InstanceMetadata
        [profile from-sso]
        \(role)/Role
        source_profile = sso
        [profile from-process]
        \(role)/Role
        source_profile = process
        [profile from-empty]
        \(role)/Role
        source_profile = empty
        [profile empty]
        region = eu-west-1
        [profile web]
        \(role)/Web
        web_identity_token_file = DIR/token
        [profile sso]
        \(sso)sso_session = corp
        [sso-session corp]
        sso_start_url = https://d.awsapps.com/start
        sso_region = eu-west-2
        [profile sso-old]
        \(sso)sso_start_url = https://d.awsapps.com/start
        sso_region = eu-west-2
        [profile sso-and-keys]
        \(sso)sso_session = corp
        [profile process]
        \(process)
        [profile keys-and-process]
        \(process)
        [profile process-and-keys]
        \(process)
        aws_access_key_id = CONFIG
        aws_secret_access_key = s
        [profile process-with-signs]
        credential_process = /bin/sh DIR/signs.sh #2 ; c
        [profile process-without-token]
        credential_process = /bin/sh DIR/untold.sh
        [profile colons] and text
        aws_access_key_id: COLONS
        aws_secret_access_key: s
        [profile config]
        aws_access_key_id = CONFIG
        aws_secret_access_key = s
        [profile circle]
        \(role)/A
        source_profile = circle-back
        [profile circle-back]
        \(role)/B
        source_profile = circle
        [profile two-sources]
        \(role)/A
        source_profile = static
        credential_source = Environment
        [profile no-source]
        \(role)/A
        """

    private static let credentials = """
        [static]
        aws_access_key_id = STATIC
        aws_secret_access_key = s
        [sso-and-keys]
        aws_access_key_id = STATIC
        aws_secret_access_key = s
        [keys-and-process]
        aws_access_key_id = STATIC
        aws_secret_access_key = s
        """

    /// This chain's names for providers that botocore calls differently.
    private static let names = [
        "env": "environment", "assume-role": "assumed role", "assume-role-with-web-identity": "web identity",
        "sso": "SSO", "shared-credentials-file": "shared credentials file", "custom-process": "credential process",
        "config-file": "shared config file", "container-role": "container", "iam-role": "instance",
    ]

    @Test func `the chain and botocore choose the same provider and give the same key`() async throws {
        // botocore uses the real time, so the clock is the real one.
        let identity = FakeIdentity(FakeTime(now: .now()))
        let server = try LoopbackServer.answering { request in
            var headers: [String: String] = [:]
            for (name, value) in request.headers { headers[name.lowercased()] = value }
            let (status, body) = identity.answer(
                FakeIdentity.Call(
                    method: request.method, path: request.path, headers: headers,
                    body: String(decoding: request.body, as: UTF8.self)))
            return LoopbackServer.Answer(status: status, body: Array(body.utf8))
        }
        let world = CredentialWorld(config: Self.config, credentials: Self.credentials)
        let token = #"{"accessToken": "t", "expiresAt": "2099-12-31T00:00:00Z"}"#
        world.signIn(token, file: "ee0bfd2552fbd840c02cc48b6e823320543c450f")
        world.signIn(token, file: "55ef7a9cf0faa7e6830be02dd04fb62b1c3c5000")
        world.write("a.token", to: "token")
        world.write(
            #"[ "$1" = "a b" ] && echo '{"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "s"}'"#,
            to: "print.sh")
        world.write(
            ##"[ "$*" = "#2 ; c" ] && echo '{"Version": 1, "AccessKeyId": "SIGNS", "SecretAccessKey": "s"}'"##,
            to: "signs.sh")
        world.write(
            #"echo '{"Version": 1, "AccessKeyId": "UNTOLD", "SecretAccessKey": "s", "SessionToken": ""}'"#,
            to: "untold.sh")
        let directory = world.files.directory.string
        let environments = Self.setUps.map { setUp in
            [
                "HOME": directory, "PATH": "/usr/bin:/bin", "AWS_REGION": "eu-west-1",
                "AWS_CONFIG_FILE": "\(directory)/config", "AWS_SHARED_CREDENTIALS_FILE": "\(directory)/credentials",
                "AWS_ENDPOINT_URL": server.address, "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.address,
                "AWS_METADATA_SERVICE_TIMEOUT": "30",
            ]
            .merging(
                setUp.environment.mapValues {
                    $0.replacing("DIR", with: directory).replacing("URL", with: server.address)
                }
            ) { $1 }
        }

        let theirs = try BotocoreChain.findings(of: zip(Self.setUps, environments).map { ($1, $0.profile) })
        try #require(theirs.count == Self.setUps.count)
        for (index, setUp) in Self.setUps.enumerated() {
            let ours = await find(environments[index], setUp.profile)
            #expect(theirs[index].method == setUp.method, "\(setUp.what): botocore")
            #expect(ours.accessKeyID == theirs[index].accessKeyID, "\(setUp.what)")
            let name = setUp.method.flatMap { Self.names[$0] }
            #expect(
                name.map { ours.provider?.hasPrefix($0) == true } ?? (ours.provider == nil), "\(setUp.what): \(ours)")
        }
        server.stop()
    }

    private func find(
        _ environment: [String: String], _ profile: String?
    ) async -> (provider: String?, accessKeyID: String?) {
        let log = InMemoryLogHandler(level: .trace)
        let transport = CurlTransport()
        defer { transport.close() }
        do {
            let environment = AWSEnvironment(environment)
            let files = SharedConfigFiles(environment)
            let settings = try AWSSettings(
                explicit: .init(profile: profile), environment: environment,
                sharedConfig: try files.load())
            let chain = CredentialChain.standard(
                explicit: nil,
                context: CredentialContext(
                    settings: settings, files: files, transport: transport, directTransport: transport,
                    logger: log.logger))
            let key = try await chain.credentials().accessKeyID
            return (log.entries.last { $0.message == "credentials found" }?.metadata["provider"]?.description, key)
        } catch {
            return (nil, nil)
        }
    }
}
