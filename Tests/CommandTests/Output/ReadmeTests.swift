import Foundation
import JSON
import TestSupport
import Testing

/// What the README shows, held against the programs that will read it.
@Suite(.fewAtATime) struct `The README shows` {
    private static let text =
        (try? String(contentsOf: TestMachine.root.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""

    /// The blocks in a language, in order.
    private static func blocks(_ language: String) -> [String] {
        text.components(separatedBy: "```\(language)\n").dropFirst().map {
            $0.components(separatedBy: "```").first ?? ""
        }
    }

    private static let systemdAnalyze = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: systemdAnalyze != nil, "needs systemd-analyze: run Tests/setup"))
    func `units that systemd takes`() async throws {
        let units = Self.blocks("ini")
        try #require(units.count == 2 && units[0].contains("[Service]") && units[1].contains("[Timer]"))
        try await TestMachine.withTemporaryDirectory { directory in
            let files = ["service", "timer"].map { "\(directory)/athena-export.\($0)" }
            for (file, unit) in zip(files, units) { try Data(unit.utf8).write(to: URL(fileURLWithPath: file)) }
            let outcome = try await Executable.run(
                try #require(Self.systemdAnalyze), ["verify", "--man=no", "--recursive-errors=no"] + files,
                environment: ProcessInfo.processInfo.environment)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }
    }

    @Test func `a policy that is JSON and allows every operation that is called`() throws {
        let policies = Self.blocks("json").filter { $0.contains("\"Statement\"") }
        let policy = JSONField(try JSONValue(parsing: Array(try #require(policies.first).utf8)))
        var actions: Set<String> = []
        for statement in try policy.member("Statement").elements() {
            guard case .array = try statement.member("Action").value else { continue }
            for action in try statement.member("Action").elements() { actions.insert(try action.string()) }
        }
        for operation in [
            "StartQueryExecution", "GetQueryExecution", "GetQueryResults", "GetQueryRuntimeStatistics",
            "StopQueryExecution",
        ] { #expect(actions.contains("athena:\(operation)")) }
    }

    @Test func `every option that run has, and none that it has not`() async throws {
        let outcome = try await Executable.run(["run", "--help"])
        let options = Set(outcome.output.matches(of: /--[a-z][a-z0-9-]+/).map { String($0.output) })
        for option in options.subtracting(["--help", "--version"]) {
            #expect(Self.text.contains("`\(option)") || Self.text.contains(", `\(option)"), "\(option)")
        }
        let table = try #require(Self.text.components(separatedBy: "| option |").dropFirst().first)
        for option in (table.components(separatedBy: "\n\n").first ?? "").matches(of: /`(--[a-z0-9-]+)/) {
            #expect(options.contains(String(option.1)), "\(option.1)")
        }
    }
}

@Suite(.fewAtATime) struct `A shell` {
    @Test func `completes options from the script that the command prints`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(["--generate-completion-script", "bash"])
            #expect(outcome.status == 0)
            let script = "\(directory)/completion"
            try Data(outcome.output.utf8).write(to: URL(fileURLWithPath: script))
            let asked = """
                set -u; . '\(script)'; function=$(complete -p athena-export | sed 's/.*-F \\([^ ]*\\).*/\\1/')
                COMP_WORDS=(athena-export run --compr); COMP_CWORD=2; COMP_LINE="${COMP_WORDS[*]}"
                COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
                "$function" athena-export --compr run; echo "${COMPREPLY[@]}"
                """
            let answer = try await Executable.run(
                "/bin/bash", ["-c", asked],
                environment: ["PATH": "\((Executable.path as NSString).deletingLastPathComponent):/usr/bin:/bin"])
            #expect(answer.output.contains("--compression-level"), "\(answer.output) \(answer.errors)")
        }
    }

    @Test(arguments: ["zsh", "fish"]) func `is given a script`(_ shell: String) async throws {
        let outcome = try await Executable.run(["--generate-completion-script", shell])
        #expect(outcome.status == 0 && outcome.output.contains("compression-level"))
    }
}
