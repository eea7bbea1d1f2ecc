import AWS
import ChildProcess
import TestSupport
import Testing

@Suite(.fewAtATime) struct `A process that prints credentials` {
    private func failure(_ script: String, config: String = "[default]\ncredential_process = /bin/sh DIR/run\n")
        async throws -> AWSError
    {
        let world = CredentialWorld(config: config)
        world.write(script, to: "run")
        return try #require(await world.failure())
    }

    private static let keys = #""AccessKeyId": "AKID", "SecretAccessKey": "s""#

    @Test func `is run without a shell, with its arguments as written and the environment's variables`() async throws {
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
        (#"echo '{"Version": 1, "AccessKeyId": "a b", "SecretAccessKey": "s"}'"#, "the access key ID holds a blank"),
        (#"echo '{"Version": 1, \#(keys), "Expiration": "canary"}'"#, "Expiration: expected a time"),
        ("echo canary", "the program's output: byte 0"), ("true", "the program's output"),
        ("echo canary; exit 7", "the program ended with status 7;"),
        ("echo canary >&2; exit 7", "status 7 and wrote to standard error; run it by hand"),
        ("kill -9 $$", "the program was ended by signal 9"),
        ("while :; do echo canarycanarycanary; done", "the program wrote more than 65536 bytes"),
    ])
    func `is not believed when it fails or prints something else, and never quoted`(
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
    func `gets signs of comments among its arguments`(_ line: String, _ arguments: [String]) async throws {
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

    @Test func `that takes too long is killed, and said to be run by hand`() async throws {
        let world = CredentialWorld(config: "[default]\ncredential_process = sleep 1000\n")
        let process = ProcessCredentials(
            profile: .default, context: try world.context(), timeLimit: .milliseconds(100))
        await #expect { try await process.lookUp() } throws: {
            "\($0)".contains("run it by hand to see what it waits for")
        }
    }

    @Test func `that does not exist or is no command line is an error`() async throws {
        #expect(
            "\(try await failure("", config: "[default]\ncredential_process = /nonexistent/x\n"))".contains(
                "could not be started"))
        let open = try await failure("", config: "[default]\ncredential_process = sh 'canary\n")
        #expect(
            open.fault
                == "credential_process of profile \"default\": a quotation mark is never closed; correct that line")
    }
}

@Suite(.fewAtATime) struct `A child process` {
    private func run(_ script: String, timeLimit: Duration = .seconds(60)) async throws -> ChildProcess.Outcome {
        try await ChildProcess.run(
            ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], timeLimit: timeLimit,
            outputLimit: 1 << 20)
    }

    @Test func `gives its output and how it ended`() async throws {
        let outcome = try await run("echo out; echo error >&2; exit 3")
        #expect(outcome.end == .exited(status: 3) && outcome.output == Array("out\n".utf8) && outcome.errorBytes == 6)
        #expect(try await run("kill -TERM $$").end == .signaled(15))
    }

    @Test func `can write much to both ends without being read in order`() async throws {
        let script = "i=0; while [ $i -lt 200 ]; do printf '%01000d' 0; printf '%01000d' 0 >&2; i=$((i+1)); done"
        let outcome = try await run(script)
        #expect(outcome.output.count == 200_000 && outcome.errorBytes == 200_000)
    }

    @Test func `has nothing on standard input, nothing else open and no signal ignored`() async throws {
        // What a program cannot catch after a shell was told to ignore it; SIGPIPE is ignored in this process.
        let outcome = try await run("cat; ls /proc/self/fd | tr '\\n' ' '; kill -PIPE $$; echo ignored")
        #expect(outcome.end == .signaled(13))
        #expect(String(decoding: outcome.output, as: UTF8.self) == "0 1 2 3 ")
    }

    @Test func `is killed with its children when its time is up`() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        await #expect(throws: ChildProcessError.timedOut(.milliseconds(100))) {
            try await run("sleep 1000 & sleep 1000; true", timeLimit: .milliseconds(100))
        }
        #expect(clock.now - start < .seconds(900))
    }

    @Test func `is killed when nobody wants it any more`() async throws {
        let task = Task { try await run("sleep 1000; true") }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test(arguments: [[], [""], ["/bin/echo", "a\0b"], ["/nonexistent"], ["/etc/passwd"]])
    func `that cannot be started says so`(_ command: [String]) async {
        await #expect {
            try await ChildProcess.run(command, environment: [:], timeLimit: .seconds(60), outputLimit: 10)
        } throws: {
            if case .notStarted? = $0 as? ChildProcessError { true } else { false }
        }
    }
}
