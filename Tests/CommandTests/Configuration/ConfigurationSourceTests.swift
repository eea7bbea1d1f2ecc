import Athena
import BatchExport
import Foundation
import JSON
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Where configuration and statement are read` {
    /// Runs a command line of bash in a directory; `$0` is the program, `$1` the recorded answers.
    private func bash(_ line: String, in directory: String) async throws -> Executable.Outcome {
        try await Executable.run(
            "/bin/bash", ["-c", line, Executable.path, customers], environment: Executable.environment(),
            directory: directory)
    }

    @Test(arguments: [
        #"echo '{"output": "x"}' | "$0" --replay "$1" --config -"#,
        #"echo '{"output": "x"}' | "$0" --replay "$1" --config /dev/stdin"#,
        #""$0" --replay "$1" --config <(sleep 0.1; echo '{"output": "x"}')"#,
        #"mkfifo f; (sleep 0.1; echo '{"output": "x"}' >f) & "$0" --replay "$1" --config f"#,
        #"echo '{"output": "x"}' >c; "$0" --replay "$1" --config - <c"#,
        #"echo 'SELECT 1' | "$0" --replay "$1" --query-file - -o x --table customers --key customer_id"#,
        #""$0" --replay "$1" --query-file <(echo 'SELECT 1') -o x --table customers --key customer_id"#,
        #"echo '{"output": "x", "query_file": "-", "table": "customers", "primary_key": ["customer_id"]}' >c; "#
            + #"echo 'SELECT 1' | "$0" --replay "$1" --config c"#,
    ])
    func `a file is read from standard input and pipes`(_ line: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await bash(line, in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(FileManager.default.fileExists(atPath: "\(directory)/x/customers/manifest.json"))
        }
    }

    @Test func `a file without an end is read to its limit only`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            expectError(
                try await bash(#"yes | "$0" --replay "$1" --config -"#, in: directory), 78,
                ["standard input", "larger than 1048576 bytes"])
            expectError(
                try await bash(#""$0" --replay "$1" --query-file <(yes)"#, in: directory), 78,
                ["/dev/fd/", "larger than 1048576 bytes"])
        }
    }

    @Test func `a flag on the command line beats its key in the file, in both directions`() async throws {
        for (value, other) in [("true", "no-"), ("false", "")] {
            let text = "{\"changes_only\":\(value),\"keep_unload\":\(value),\"leave_query_running\":\(value)}"
            try await withConfiguration(text.utf8) { path in
                let flags = ["changes-only", "keep-unload", "leave-query-running"].map { "--\(other)\($0)" }
                for arguments in [[], flags] {
                    let export = try ConfigurationCheck.configuration(["--config", path] + arguments).export
                    let isOn = (value == "true") == arguments.isEmpty
                    #expect((export.export.changes != nil) == isOn, "\(arguments)")
                    #expect(export.keepsUnloaded == isOn && export.leavesQueryRunning == isOn, "\(arguments)")
                }
            }
        }
    }

    @Test func `configuration and statement cannot both be standard input`() async throws {
        ConfigurationCheck(["--config", "/dev/null", "--query-file", "-"]).expectRefused(.noInput, ["/dev/null"])
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await bash(#"echo '{}' | "$0" --replay "$1" --config - --query-file -"#, in: directory)
            expectError(outcome, 64, ["--query-file", "standard input is the configuration"])
        }
    }

    @Test func `a file may begin with a byte order mark, which is no part of it`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let query = "\(directory)/query.sql"
            try Data("\u{feff}SELECT 'é'\r\n".utf8).write(to: URL(fileURLWithPath: query))
            let configuration = try ConfigurationCheck.configuration {
                $0.queryFile = query
                $0.table = "t"
                $0.key = ["k"]
            }
            guard case .start(let start) = configuration.export.query else {
                Issue.record("nothing is started")
                return
            }
            #expect(start.statement == "SELECT 'é'\r\n")
        }
        #expect(try await ConfigurationCheck.file("\u{feff}{\"table\": \"a\"}".utf8) == .accepted)
    }

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .isoLatin1])
    func `a file in another encoding is refused by its name`(_ encoding: String.Encoding) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let query = "\(directory)/query.sql"
            try #require("SELECT 'é'".data(using: encoding)).write(to: URL(fileURLWithPath: query))
            let word = encoding == .isoLatin1 ? "not UTF-8" : "UTF-16"
            ConfigurationCheck { $0.queryFile = query }.expectRefused(.usage, ["--query-file", query, word])
        }
    }
}

@Suite(.limitedConcurrency) struct `Paths in a configuration file` {
    @Test func `a path in the configuration file starts from the directory of the file`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(atPath: "\(directory)/jobs", withIntermediateDirectories: false)
            let text =
                #"{"output": "out", "metrics_file": "m.prom", "query_file": "q.sql", "table": "customers","#
                + #" "primary_key": ["customer_id"]}"#
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/jobs/c.json"))
            let missing = try await run(["--replay", customers, "--config", "jobs/c.json"], in: directory)
            expectError(missing, 66, ["jobs/q.sql", "does not exist"])
            try Data("SELECT 1".utf8).write(to: URL(fileURLWithPath: "\(directory)/jobs/q.sql"))
            let outcome = try await run(["--replay", customers, "--config", "jobs/c.json"], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            for file in ["jobs/out/customers/manifest.json", "jobs/m.prom"] {
                #expect(FileManager.default.fileExists(atPath: "\(directory)/\(file)"), "\(file)")
            }
            // A path in an option starts from the shell's directory.
            let typed = try await run(
                ["--replay", customers, "--config", "jobs/c.json", "-o", "here"], in: directory)
            #expect(typed.status == 0, "\(typed.errors)")
            #expect(FileManager.default.fileExists(atPath: "\(directory)/here/customers/manifest.json"))
        }
    }

    @Test func `a tilde in a path of a file or an option means the home directory`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let environment = Executable.environment(["HOME": "\(directory)/home"])
            try Data(#"{"output": "~/file"}"#.utf8).write(to: URL(fileURLWithPath: "\(directory)/c.json"))
            for (arguments, output) in [(["--config", "c.json"], "file"), (["--output=~/option"], "option")] {
                let outcome = try await run(
                    ["--replay", customers] + arguments, in: directory, environment: environment)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(FileManager.default.fileExists(atPath: "\(directory)/home/\(output)/customers/manifest.json"))
            }
            let homeless = try await run(
                ["--replay", customers, "-o", "~/x"], in: directory, environment: Executable.environment(["HOME": ""]))
            expectError(homeless, 64, ["--output", "HOME"])
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/~"))
        }
    }

    @Test(arguments: ["s3://bucket/x", "file:///srv/export", "gs://b", "HTTPS://h/", "abfss://c@a/x", "-", "~user/x"])
    func `a path that leads to no directory of this machine is a wrong argument`(_ path: String) async throws {
        try await ConfigurationCheck.file("{\"output\": \"\(path)\"}".utf8)
            .expectRefused(.usage, ["configuration.json: line 1, column 12: output: "])
        for option in ["--output", "--metrics-file", "--record", "--replay"] {
            ConfigurationCheck(["\(option)=\(path)"]).expectRefused(.usage, ["\(option): "])
        }
        if path != "-" {
            for option in ["--config", "--query-file"] {
                ConfigurationCheck(["\(option)=\(path)"]).expectRefused(.usage, ["\(option): "])
            }
        }
    }

    @Test(arguments: ["./-", "./~user", "a:b", "c:/x", "a//b", "./s3:/b"])
    func `a path that only looks strange is accepted`(_ path: String) {
        #expect(ConfigurationCheck(["--output=\(path)"]) == .accepted)
    }

    @Test(arguments: ["status", "verify", "merge", "loader"])
    func `the directory of every command must be local, as the configuration's paths must`(_ command: String)
        async throws
    {
        let kind = command == "loader" ? ["postgres"] : []
        let outcome = try await Executable.run([command] + kind + ["s3://bucket/customers"])
        expectError(outcome, 64, ["s3://bucket/customers", "local file system"])
    }

    @Test(arguments: [
        #"--replay "$1" -o "$name""#, #"--replay "$1" --metrics-file "$name""#, #"--replay "$name""#,
        #"--replay "$1" --config "$name""#, #"--replay "$1" --record "$name""#, #"status "$name""#,
        #"verify "$name""#, #"merge "$1" -o "$name""#, #"loader postgres "$name""#,
    ])
    func `a path and every other argument must be UTF-8`(_ arguments: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/bin/bash", ["-c", #"name=$'o\xff'; "$0" "# + arguments, Executable.path, customers],
                environment: Executable.environment(), directory: directory)
            expectError(outcome, 64, ["argument ", "UTF-8"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
    }

    @Test(arguments: ["HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE"])
    func `a path in the environment must be UTF-8`(_ name: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/bin/bash",
                ["-c", "export \(name)=$'/x\\xff'; exec \"$0\" --endpoint-url http://127.0.0.1:1", Executable.path],
                environment: Executable.environment(), directory: directory)
            expectError(outcome, 64, [name, "UTF-8"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
    }
}

@Suite(.limitedConcurrency) struct `Reports set by the configuration file` {
    @Test func `a report's setting in the file serves a run, and an option beats it`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let text =
                #"{"summary": "json", "log_format": "json", "log_level": "debug", "progress": "never","#
                + #" "jobs": 1, "max_attempts": 2, "leave_query_running": true, "query_timeout": "10m"}"#
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/c.json"))
            let outcome = try await run(["--replay", customers, "--config", "c.json"], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
            #expect(try summary.member("status").string() == "succeeded")
            #expect(outcome.errors.contains(#""event":"run_started""#))
            let typed = try await run(
                [
                    "--replay", customers, "--config", "c.json", "--summary", "text", "--log-format", "text",
                    "--progress", "always", "--log-level", "error",
                ], in: directory)
            #expect(
                typed.status == 0 && typed.output.hasPrefix("exported") && typed.errors.contains("\r\u{1b}[K"),
                "\(typed.errors)")
            #expect(!typed.errors.contains("run started"))
            let configuration = try ConfigurationCheck.configuration { $0.config = "\(directory)/c.json" }
            #expect(configuration.maxAttempts == 2 && configuration.export.leavesQueryRunning)
            #expect(configuration.export.queryTimeout == .seconds(600))
        }
    }

    @Test func `a report's setting in the file serves for the file's other mistakes`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let text = #"{"summary": "json", "log_format": "json", "tabel": "x"}"#
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/c.json"))
            let outcome = try await run(["--replay", customers, "--config", "c.json"], in: directory)
            #expect(outcome.status == 78)
            let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
            #expect(try summary.member("error").member("message").string().contains("did you mean table?"))
            #expect(outcome.errors.contains(#""event":"run_failed""#))
        }
    }
}
