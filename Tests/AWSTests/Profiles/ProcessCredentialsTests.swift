import AWS
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `A process that prints credentials` {
    private func failure(_ script: String, config: String = "[default]\ncredential_process = /bin/sh DIR/run\n")
        async throws -> AWSError
    {
        let world = CredentialWorld(config: config)
        world.write(script, to: "run")
        return try #require(await world.failure())
    }

    private static let keys = #""AccessKeyId": "AKID", "SecretAccessKey": "s""#

    @Test
    func `a credential process runs without a shell, with its arguments as written and the environment's variables`()
        async throws
    {
        let world = CredentialWorld(
            config: "[default]\ncredential_process = sh DIR/run 'a b' $HOME \"c\\\"d\" |\n", ["MARK": "env"])
        world.write(
            #"""
            printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "s"}' "$#-$MARK"
            printf '%s\n' "$@" >"$(dirname "$0")/arguments"
            """#, to: "run")
        let credentials = try await world.chain().credentials()
        #expect(credentials.accessKeyID == "4-env" && credentials.sessionToken == nil && credentials.expiration == nil)
        #expect(world.read("arguments") == "a b\n$HOME\nc\"d\n|\n")
    }

    @Test(arguments: [
        (#"echo '{"Version": 2, \#(keys)}'"#, "is not 1, the only one that is known"),
        (#"echo '{\#(keys)}'"#, "Version: expected a value"),
        (#"echo '{"Version": 1, "AccessKeyId": "canary"}'"#, "SecretAccessKey: expected a value"),
        (#"echo '{"Version": 1, "AccessKeyId": "a b", "SecretAccessKey": "s"}'"#, "the access key ID contains a blank"),
        (#"echo '{"Version": 1, \#(keys), "Expiration": "canary"}'"#, "Expiration: expected a time"),
        ("echo canary", "the program's output: byte 0"), ("true", "the program's output"),
        ("echo canary; exit 7", "the program ended with status 7;"),
        ("echo canary >&2; exit 7", "status 7 and wrote to standard error; run it by hand"),
        ("kill -9 $$", "the program was ended by signal 9"),
        ("while :; do echo canarycanarycanary; done", "the program wrote more than 65536 bytes"),
    ])
    func `a credential process that fails or prints something else gives no credentials and is never quoted`(
        _ script: String, _ problem: String
    ) async throws {
        let text = "\(try await failure(script));"
        #expect(text.hasPrefix("no credentials from credential process (profile \"default\"): "), "\(text)")
        #expect(text.contains(problem) && !text.contains("canary") && !text.contains("\n"), "\(text)")
    }

    @Test(arguments: [
        (#"sh DIR/run --vault "team #1" --json"#, ["--vault", "team #1", "--json"]),
        ("sh DIR/run --account #2 --json", ["--account", "#2", "--json"]),
        ("sh DIR/run a ; b;c #", ["a", ";", "b;c", "#"]), ("sh DIR/run x: =y", ["x:", "=y"]),
        ("sh DIR/run a\n  #not an argument\n  b\n\n  'c'", ["a", "b", "c"]),
    ])
    func `a credential process gets # and ; among its arguments`(_ line: String, _ arguments: [String]) async throws {
        for delimiter in ["=", ":"] {
            let world = CredentialWorld(config: "[default]\ncredential_process \(delimiter) \(line)\n")
            world.write(
                #"""
                echo '{"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": "s", "SessionToken": ""}'
                printf '%s\n' "$@" >"$(dirname "$0")/arguments"
                """#, to: "run")
            let credentials = try await world.chain().credentials()
            #expect(credentials.accessKeyID == "AKID" && credentials.sessionToken == nil)
            #expect(world.read("arguments") == arguments.map { "\($0)\n" }.joined())
        }
    }

    @Test func `a credential process that takes too long is killed, and the error advises to run it by hand`()
        async throws
    {
        let world = CredentialWorld(config: "[default]\ncredential_process = sleep 1000\n")
        let process = ProcessCredentials(
            profile: .default, context: try world.context(), timeLimit: .milliseconds(100))
        await #expect { try await process.lookUp() } throws: {
            "\($0)".contains("run it by hand to see what it waits for")
        }
    }

    @Test func `a credential process that does not exist and text that is no command line are errors`() async throws {
        #expect(
            "\(try await failure("", config: "[default]\ncredential_process = /nonexistent/x\n"))".contains(
                "could not be started"))
        let open = try await failure("", config: "[default]\ncredential_process = sh 'canary\n")
        #expect(
            open.fault
                == "credential_process of profile \"default\": a quotation mark is never closed; correct that line")
    }
}
