import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Nights of changes` {
    private static let changes = NightlyJob.full + ["--changes-only", "--summary", "json"]

    @Test func `a nightly run exports what has changed, and every command knows what was deleted`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                for night in 1...4 {
                    let before = table.current
                    table.change(night: night)
                    table.remove { $0.hasPrefix("c\(night - 1)-1") }
                    let metrics = "\(directory)/metrics"
                    let outcome = try await job.run(Self.changes + ["--metrics-file", metrics], night: night)
                    try #require(outcome.status == 0, "\(outcome.errors)")
                    let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
                    let changed = table.current.count { before[$0.key] != $0.value }
                    let gone = before.keys.count { table.current[$0] == nil }
                    #expect(try summary.member("rows").integer() == changed)
                    #expect(try summary.member("unchanged_rows").integer() == table.current.count - changed)
                    #expect(try summary.member("deleted_rows").integer() == gone && gone == (night == 1 ? 0 : 1))
                    let text = try String(contentsOfFile: metrics, encoding: .utf8)
                    #expect(text.contains("athena_export_run_deleted_rows{table=\"customers\"} \(gone)\n"))
                    #expect(try await job.merged() == ChangingTable.csv(table.current))
                    let verified = try await Executable.run(["verify", job.table])
                    #expect(verified.status == 0 && verified.output.contains("deleted key") == (night > 1))
                }
                let status = try await Executable.run(["status", job.table])
                #expect(status.output.contains("; 3 keys deleted in 3 files\n"), "\(status.output)")
                #expect(status.output.contains(" unchanged, 1 key deleted"), "\(status.output)")
            }
        }
    }

    @Test func `too many deletes end the run with 65 and both counts, and a higher limit continues without a query`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            let athena = table.athena()
            try await athena.serve { url in
                let job = NightlyJob(url: url, output: directory)
                table.change(night: 1)
                #expect(try await job.run(Self.changes, night: 1).status == 0)
                table.remove { $0 < "c1-4" }
                let refused = try await job.run(Self.changes, night: 2)
                expectError(refused, 65, ["4 of the 5 keys", "nothing was deleted", "--max-deletes 80", "--restart"])
                let status = try await Executable.run(["status", job.table]).output
                #expect(status.contains("next run: continues with batch 2 of that query, whose result it reads again"))
                let continued = try await job.run(Self.changes + ["--max-deletes", "80"], night: 2)
                #expect(continued.status == 0 && continued.output.contains("\"resumed\":true"), "\(continued.errors)")
                #expect(try await job.merged() == ChangingTable.csv(table.current))
                table.remove { _ in true }
                expectError(
                    try await job.run(Self.changes + ["--max-deletes", "99"], night: 3), 65,
                    ["1 of the 1 keys", "--max-deletes 100"])
                #expect(try await job.run(Self.changes + ["--max-deletes", "100"], night: 3).status == 0)
                #expect(try await job.merged() == ChangingTable.csv([:]))
            }
            #expect(athena.executionIDs.count == 3)
        }
    }

    @Test(arguments: [
        (["--max-deletes", "10"], "--max-deletes", "--changes-only"),
        (["--changes-only", "--max-deletes", "101"], "--max-deletes", "from 0 to 100"),
        (["--changes-only", "--prune-runs", "2"], "--changes-only", "--prune-runs"),
        (["--changes-only", "--query", "SELECT {cursor}", "--cursor-column", "a"], "--changes-only", "cursor"),
    ]) func `options that do not go with changes are wrong arguments`(
        _ options: [String], _ name: String, _ problem: String
    ) async throws {
        let outcome = try await Executable.run(
            ["--table", "t", "--key", "a", "--output", "/nonexistent/export"] + options)
        expectError(outcome, 64, [name, problem])
    }

    @Test func `the configuration file has both settings, and names the one that is wrong`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            for (text, problem) in [
                (#"{"changes_only": true, "prune_runs": 3}"#, "changes_only"),
                (#"{"changes_only": true, "max_deletes": 101}"#, "max_deletes"),
                (#"{"changes_only": "yes"}"#, "changes_only"),
            ] {
                let path = "\(directory)/config.json"
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                let outcome = try await Executable.run(["--config", path, "--output", "\(directory)/export"])
                expectError(outcome, 78, [problem])
            }
        }
    }
}
