import AWS
import Foundation
import SystemPackage
import Testing

@Suite struct `Credentials from the shared files` {
    private let keys = "aws_access_key_id = AKID\naws_secret_access_key = canary-secret\n"

    private func credentials(
        _ profile: ProfileName = .default, config: String? = nil, credentials: String? = nil
    ) async throws -> Credentials? {
        let files = TemporaryFiles(config: config, credentials: credentials)
        let early = SharedFileCredentials(files.shared, profile: profile, in: .credentials)
        if let found = try await early.found() { return found }
        return try await SharedFileCredentials(files.shared, profile: profile, in: .config).found()
    }

    @Test func `the shared files give the static keys of the profile`() async throws {
        let found = try await credentials(credentials: "[default]\n\(keys)aws_session_token = t\n")
        #expect(found == Credentials(accessKeyID: "AKID", secretAccessKey: "canary-secret", sessionToken: "t"))
    }

    @Test func `keys of the credentials file go before those of the config file`() async throws {
        let other = "aws_access_key_id = OTHER\naws_secret_access_key = other\n"
        #expect(
            try await credentials(config: "[default]\n\(other)", credentials: "[default]\n\(keys)")?.accessKeyID
                == "AKID")
        #expect(try await credentials(config: "[default]\n\(other)")?.accessKeyID == "OTHER")
    }

    @Test func `the shared files give no credentials where a file or a key is missing`() async throws {
        #expect(try await credentials() == nil)
        #expect(try await credentials(config: "[default]\nregion = eu-west-1\n") == nil)
        #expect(try await credentials(credentials: "[other]\n\(keys)") == nil)
    }

    @Test func `a named profile that is missing is an error`() async {
        await #expect {
            try await credentials(ProfileName("prod", origin: "AWS_PROFILE"), credentials: "[default]\n\(keys)")
        } throws: {
            ($0 as? AWSError)?.fault.hasPrefix("AWS_PROFILE: the profile \"prod\" is not in ") == true
        }
    }

    @Test(arguments: ["aws_access_key_id = canary", "aws_secret_access_key = canary"])
    func `half of a key pair is an error`(_ line: String) async {
        await #expect {
            try await credentials(credentials: "[default]\n\(line)\n")
        } throws: {
            ($0 as? AWSError)?.fault.contains("is missing") == true && !"\($0)".contains("canary")
        }
    }

    @Test func `a key with a line break is refused`() async {
        await #expect {
            try await credentials(
                credentials: "[default]\naws_access_key_id = AKID\naws_secret_access_key = canary\n  X-Evil\n")
        } throws: {
            ($0 as? AWSError)?.fault.contains("line break") == true && !"\($0)".contains("canary")
        }
    }

    @Test func `the shared files are read again every time`() async throws {
        let files = TemporaryFiles(config: nil, credentials: "[default]\n\(keys)")
        let provider = SharedFileCredentials(files.shared, profile: .default, in: .credentials)
        #expect(try await provider.credentials().accessKeyID == "AKID")
        files.write("[default]\naws_access_key_id=NEW\naws_secret_access_key=n\n", to: files.shared.credentials)
        #expect(try await provider.credentials().accessKeyID == "NEW")
    }

    @Test func `a shared file that is huge, a directory or a device is not read`() async {
        let huge = String(repeating: "# comment\n", count: 110_000)
        await #expect {
            try await credentials(config: huge)
        } throws: {
            ($0 as? AWSError)?.fault.contains("larger than 1048576 bytes; name the right file with AWS_CONFIG_FILE")
                == true
        }
    }

    @Test(arguments: ["/", "/dev/null", "/dev/zero", "/nonexistent"])
    func `a shared file may be missing or no regular file, and the other one still serves`(_ path: FilePath)
        async throws
    {
        let files = TemporaryFiles(config: "[default]\n\(keys)", credentials: "[default]\n\(keys)")
        for shared in [
            SharedConfigFiles(config: path, credentials: files.shared.credentials),
            SharedConfigFiles(config: files.shared.config, credentials: path),
        ] {
            #expect(try shared.load().profile(.default)?["aws_access_key_id"] == "AKID")
            for file in [SharedFileCredentials.File.config, .credentials] {
                let provider = SharedFileCredentials(shared, profile: .default, in: file)
                let isThere = (file == .config ? shared.config : shared.credentials) != path
                #expect(try await provider.found()?.accessKeyID == (isThere ? "AKID" : nil))
                if !isThere, path != "/nonexistent" {
                    #expect(try await provider.absence() == "\(path) is not a regular file")
                }
            }
        }
    }

    @Test func `a named profile that is missing is reported with the reason why a file was not read`() async throws {
        let files = TemporaryFiles(config: nil, credentials: "[default]\n\(keys)")
        let unread = SharedConfigFiles(config: "/", credentials: files.shared.credentials).shared(named: "prod")
        #expect(unread.contains("is not in \(files.shared.credentials) or / (it is not a regular file)"), "\(unread)")
        let settings = try AWSSettings(
            environment: AWSEnvironment([:]),
            sharedConfig: try SharedConfigFiles(config: "/dev/null", credentials: files.shared.credentials).load())
        #expect { try settings.region() } throws: {
            ($0 as? AWSError)?.fault.contains("/dev/null is not a regular file, and nothing else names a region")
                == true
        }
    }

    @Test func `a shared file that may not be read counts as missing`() throws {
        let files = TemporaryFiles(config: "[default]\n\(keys)", credentials: "x")
        let shared = files.shared
        chmod(shared.config.string, 0o644)
        chmod(shared.credentials.string, 0)
        chmod(shared.config.removingLastComponent().string, 0o755)
        try asOrdinaryUser { () throws in
            #expect(try shared.load().profile(.default)?["aws_access_key_id"] == "AKID")
            #expect(shared.shared(named: "prod").contains("(it cannot open: Permission denied)"))
        }
    }

    @Test func `the shared files lie where the environment says`() {
        let home = SharedConfigFiles(AWSEnvironment(["HOME": "/home/a"]))
        #expect(home.config == "/home/a/.aws/config" && home.credentials == "/home/a/.aws/credentials")
        let named = SharedConfigFiles(
            AWSEnvironment(["HOME": "/h", "AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "/x/y"]))
        #expect(named.config == "/h/c" && named.credentials == "/x/y")
    }
}

/// Runs the body without root's right to read every file. Linux counts this right for each thread by itself.
private func asOrdinaryUser(_ body: () throws -> Void) throws {
    guard getuid() == 0 else { return try body() }
    let symbol = try #require(dlsym(dlopen(nil, RTLD_NOW), "setfsuid"))
    let setUser = unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> Int32).self)
    _ = setUser(65534)
    defer { _ = setUser(0) }
    try body()
}

extension SharedConfigFiles {
    /// The error that a named profile is missing.
    fileprivate func shared(named name: String) -> String {
        do {
            _ = try load().profile(ProfileName(name, origin: "AWS_PROFILE"))
            return "found"
        } catch {
            return error.fault
        }
    }
}
