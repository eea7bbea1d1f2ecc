import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `The status of the newest run` {
    private func json(_ table: String) async throws -> JSONField {
        let outcome = try await Executable.run(["status", table, "--format", "json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
    }

    private func text(_ table: String, _ options: [String] = []) async throws -> String {
        let outcome = try await Executable.run(["status", table] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test func `the newest run is running while a process works on it, and interrupted once that is killed`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = "\(directory)/customers"
            var result = FakeResult.customers(50)
            result.pageRows = 11
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 4 ? .delay(.seconds(1200)) : nil
            }
            try await athena.serve { url in
                let process = RunningProcess()
                async let outcome = Executable.run(
                    ["--endpoint-url", url, "--output", directory, "--batch-rows", "10", "--source", "api"],
                    onStart: process.started)
                try await athena.waitForCalls(4, of: "GetQueryResults", by: process)
                // The batches of the earlier pages are published meanwhile.
                while try await !text(table).contains("running, ") {}
                let running = try await json(table)
                #expect(try running.member("unfinished").member("status").string() == "running")
                #expect(try running.member("runs").elements()[0].member("status").string() == "running")
                #expect(try await text(table).contains("next run: must wait for this one"))
                process.kill()
                _ = try await outcome
            }
            let killed = try await json(table)
            #expect(try killed.member("unfinished").member("status").string() == "interrupted")
            #expect(try killed.member("runs").elements()[0].member("status").string() == "interrupted")
            #expect(try killed.member("next_run").string() == "resume")
            let words = try await text(table)
            #expect(words.contains("\ninterrupted: run ") && !words.contains("running"), "\(words)")
            // A copy has a lock of its own, and no run works in it.
            try FileManager.default.copyItem(atPath: table, toPath: "\(directory)/copy")
            #expect(try await text("\(directory)/copy").contains("\ninterrupted: run "))
        }
    }

    @Test func `a run whose query was stopped is shown with a next run that pays for it again`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(5)
            result.states = ["RUNNING"]
            let athena = FakeAthena(result: result, isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", directory, "--query-timeout", "1s"])
            }
            #expect(outcome.status == 75)
            let id = try #require(athena.startedExecutions.first)
            let words = try await text("\(directory)/customers")
            #expect(words.contains("query \(id), which was stopped in Athena, 0 rows done"))
            #expect(words.contains("next run: sends the query again and pays for it again"))
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root, to be another user"))
    func `a run is unfinished to a user who may not know whether a process works on it`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await Self.stopped(in: directory)
            #expect(chmod(directory, 0o755) == 0)
            let outcome = try await Executable.run(
                "/usr/bin/env",
                ["setpriv", "--reuid=65534", "--clear-groups", Executable.path, "status", table],
                environment: Executable.environment())
            #expect(outcome.status == 0 && outcome.output.contains(": unfinished, "), "\(outcome.output)")
        }
    }

    /// A run that has ended with an error after some batches.
    private static func stopped(in directory: String) async throws -> String {
        var result = FakeResult.customers(50)
        result.pageRows = 11
        let athena = FakeAthena(result: result, isSigned: isSigned) { call in
            call.operation == "GetQueryResults" && call.operationNumber >= 4 ? .respond(status: 503, body: "") : nil
        }
        try await athena.serve { url in
            let outcome = try await Executable.run([
                "--endpoint-url", url, "--output", directory, "--batch-rows", "10", "--source", "api",
                "--max-attempts", "1",
            ])
            try #require(outcome.status == 75, "\(outcome.errors)")
        }
        return "\(directory)/customers"
    }

    @Test func `a run has the error that ended its last process, until another process continues it`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await Self.stopped(in: directory)
            #expect(try await text(table).contains("  ended with: GetQueryResults"))
            let error = try await json(table).member("unfinished").member("error").string()
            #expect(error.contains("503"), "\(error)")
            var result = FakeResult.customers(50)
            result.pageRows = 11
            try await FakeAthena(result: result, isSigned: isSigned).serve { url in
                let outcome = try await Executable.run([
                    "--endpoint-url", url, "--output", directory, "--batch-rows", "10", "--source", "api", "--restart",
                ])
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(try await !text(table).contains("ended with"))
            #expect(try await json(table).optionalMember("unfinished") == nil)
        }
    }

    @Test(arguments: ["failed-query", "cancelled-query"])
    func `a run that failed is shown with the reason, until another one succeeds`(_ scenario: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/\(scenario)").path
            let failed = try await Executable.run(["--replay", fixture, "--output", directory, "--run-id", "nightly"])
            #expect(failed.status == 1)
            let table = "\(directory)/customers"
            let reason = scenario == "failed-query" ? "TABLE_NOT_FOUND" : "CANCELLED"
            let words = try await text(table)
            let line = try #require(words.split(separator: "\n").first { $0.hasPrefix("failed: run nightly, query ") })
            #expect(line.contains(reason) && words.contains("next run: starts a new query"), "\(words)")
            let object = try await json(table).member("failed")
            #expect(try object.member("run_id").string() == "nightly")
            #expect(try object.member("error").string().contains(reason))
            #expect(try !object.member("query_execution_id").string().isEmpty)
            let next = try await Executable.run(["--replay", customers, "--output", directory])
            #expect(next.status == 0)
            #expect(try await json(table).optionalMember("failed") == nil)
        }
    }

    @Test func `a run whose reason of failure could not be kept is shown as failed`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/failed-query").path
            _ = try await Executable.run(["--replay", fixture, "--output", directory])
            let state = "\(directory)/customers/state.json"
            var document = JSONField(try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: state)))))
            guard case .object(var object) = document.value else { throw CocoaError(.fileReadCorruptFile) }
            object["failure"] = nil
            document = JSONField(.object(object))
            try Data(document.value.serialized(pretty: true)).write(to: URL(fileURLWithPath: state))
            #expect(try await text("\(directory)/customers").contains("the reason was not kept"))
        }
    }
}

@Suite(.limitedConcurrency) struct `Runs listed by status` {
    private func exported(_ runs: Int, _ options: [String] = [], in directory: String) async throws -> String {
        for number in 1...runs {
            let outcome = try await Executable.run(
                ["--replay", customers, "--output", directory, "--run-id", "run-\(number)"] + options)
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        return "\(directory)/customers"
    }

    private func lines(_ table: String, _ options: [String] = []) async throws -> [Substring] {
        let outcome = try await Executable.run(["status", table] + options)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.output.split(separator: "\n")
    }

    @Test func `runs are listed up to the last ten unless all are requested`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await exported(12, in: directory)
            let last = try await lines(table)
            #expect(
                last.filter { $0.hasPrefix("run ") }.map { $0.prefix { $0 != ":" } } == (3...12).map { "run run-\($0)" }
            )
            #expect(last.contains("2 earlier runs not shown; --all shows them"))
            let all = try await lines(table, ["--all"])
            #expect(all.count { $0.hasPrefix("run ") } == 12 && !all.contains { $0.contains("--all") })
            let json = try await Executable.run(["status", table, "--format", "json"])
            let answer = JSONField(try JSONValue(parsing: Array(json.output.utf8)))
            #expect(try answer.member("runs").elements().count == 12)
        }
    }

    @Test func `runs are called pruned once their files are superseded`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await exported(3, ["--prune-runs", "1"], in: directory)
            let runs = try await lines(table).filter { $0.hasPrefix("run ") }
            #expect(runs[0].contains("succeeded, 44 rows, pruned") || runs[0].contains("succeeded, 42 rows, pruned"))
            #expect(runs.count { $0.contains("pruned") } == 2 && !runs.contains { $0.contains("0 batches") }, "\(runs)")
            let json = try await Executable.run(["status", table, "--format", "json"])
            let answer = JSONField(try JSONValue(parsing: Array(json.output.utf8)))
            #expect(try answer.member("runs").elements().map { try $0.member("pruned").bool() } == [true, true, false])
        }
    }

    @Test func `runs are listed with the reason why their rows were not read from S3`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await exported(1, in: directory)
            let path = "\(table)/manifest.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try text.replacingOccurrences(
                of: #""source": "api","#, with: #""source": "api", "source_note": "access denied \u001b[2J","#
            ).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await lines(table).contains(#"  source api: access denied \u{1b}[2J"#))
            let json = try await Executable.run(["status", table, "--format", "json"])
            let answer = JSONField(try JSONValue(parsing: Array(json.output.utf8)))
            let note = try answer.member("runs").elements()[0].member("source_note").string()
            #expect(note == "access denied \u{1b}[2J")
        }
    }

    @Test(arguments: ["5", "4.99", "0.123456", "7.0000049", "0"]) func `runs have costs that add up as they are shown`(
        _ price: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await exported(3, in: directory)
            let costs = try await lines(table, ["--price-per-tb", price]).compactMap { line in
                line.firstMatch(of: /cost ([0-9.]+)/).flatMap { Decimal(string: String($0.1)) }
            }
            try #require(costs.count == 4)
            #expect(costs.dropLast().reduce(0, +) == costs.last, "\(costs)")
        }
    }
}
