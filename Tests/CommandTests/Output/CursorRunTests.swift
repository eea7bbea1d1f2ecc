import Foundation
import JSON
import Testing
import TestSupport
import Threading

@testable import athena_export

@Suite(.limitedConcurrency) struct `Runs with a cursor` {
    @Test
    func `ten nights over changing data, one of which fails and one of which is empty, merge to the source's state`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                var expected: String?
                for night in 1...10 {
                    if night != 7 { table.change(night: night) }
                    table.setFails(night == 4)
                    let outcome = try await job.run(NightlyJob.incremental, night: night)
                    #expect(outcome.status == (night == 4 ? 1 : 0), "night \(night): \(outcome.errors)")
                    #expect(table.cursors.last == expected ?? "2026-01-01")
                    if night == 4 {
                        #expect(try job.cursor() == expected)
                        continue
                    }
                    expected = table.current.values.map(\.updatedAt).max()
                    #expect(try job.cursor() == expected, "night \(night)")
                    #expect(try await job.merged() == ChangingTable.csv(table.current), "night \(night)")
                }
                try Self.expectChain(job)
            }
            #expect(table.cursors.count == 10)
        }
    }

    /// Every run in the manifest begins where the one before it ended, and not every run read all rows.
    private static func expectChain(_ job: NightlyJob) throws {
        let exported = try ExportedTable(job.table)
        let runs = try exported.manifest.member("runs").elements()
        #expect(runs.count == 9)
        let cursors = try runs.map { try $0.member("cursor") }
        for (cursor, next) in zip(cursors, cursors.dropFirst()) {
            #expect(try cursor.member("to").string() == next.member("from").string())
            #expect(try cursor.member("column").string() == "updated_at")
        }
        #expect(try runs.last!.member("rows").integer() < 50)
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs))
    func `SIGKILL before any call that touches a file loses and doubles no row, and does not move the cursor too far`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            let athena = table.athena()
            try await athena.serve { url in
                let first = NightlyJob(url: url, output: "\(directory)/first")
                for night in 1...3 { table.change(night: night) }
                #expect(try await first.run(NightlyJob.incremental, night: 3).status == 0)
                for night in 4...6 { table.change(night: night) }

                let reference = try first.copied(to: "\(directory)/reference")
                let log = "\(directory)/points"
                #expect(try await reference.run(NightlyJob.incremental, night: 6, log: log).status == 0)
                let points = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count
                #expect(reference.files.count >= 6 && points >= 80)
                let committed = try reference.cursor()
                #expect(committed == table.current.values.map(\.updatedAt).max())

                try await forEachConcurrently(FaultInjectionJob.taken(of: points)) {
                    point in
                    let job = try first.copied(to: "\(directory)/\(point)")
                    let before = try job.cursor()
                    let fault = FileFault(action: .kill, point: point)
                    let killed = try await job.run(NightlyJob.incremental, night: 6, fault: fault)
                    #expect(killed.status == nil, "point \(point) was not reached")
                    let isDone =
                        try ExportedTable(job.table).state.member("status").string() == "succeeded"
                        && ExportedTable(job.table).state.member("run_id").string() == "night-6"
                    #expect(try job.cursor() == (isDone ? committed : before), "point \(point)")
                    let resumed = try await job.run(NightlyJob.incremental, night: 6)
                    #expect(resumed.status == 0, "point \(point): \(resumed.errors)")
                    #expect(try job.cursor() == committed, "point \(point)")
                    #expect(job.files == reference.files, "point \(point)")
                    #expect(try job.manifest() == reference.manifest(), "point \(point)")
                    try Self.expectOneQuery(job, athena)
                }
            }
        }
    }

    /// StartQueryExecution was always sent with one token and one cursor.
    private static func expectOneQuery(_ job: NightlyJob, _ athena: FakeAthena) throws {
        let token = try ExportedTable(job.table).state.member("client_request_token").string()
        let bodies = athena.calls.filter { $0.operation == "StartQueryExecution" && $0.body.contains(token) }
        #expect(Set(bodies.map(\.body)).count == 1)
    }

    @Test
    func `an unfinished run continues with the cursor that it began with, whatever is committed or given meanwhile`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            let isDown = Locked(true)
            let athena = table.athena { call in
                call.operation == "GetQueryResults" && call.operationNumber > 2 && isDown.withLock { $0 }
                    ? .error("InvalidRequestException", "no") : nil
            }
            try await athena.serve { url in
                let job = NightlyJob(url: url, output: directory)
                for night in 1...3 { table.change(night: night) }
                let whole = table.current
                let broken = try await job.run(NightlyJob.incremental, night: 1)
                #expect(broken.status == 78, "\(broken.errors)")
                #expect(try job.cursor() == nil)
                let status = try await Executable.run(["status", job.table, "--format", "json"])
                let pending = try JSONField(JSONValue(parsing: Array(status.output.utf8))).member("unfinished")
                #expect(try pending.member("cursor").member("from").string() == "2026-01-01")
                let so = try pending.member("cursor").member("to").string()
                let other = try await job.run(NightlyJob.incremental + ["--cursor-start", "2025-01-01"], night: 1)
                expectError(other, 65, ["cursor_start"])
                table.change(night: 4)
                isDown.withLock { $0 = false }
                #expect(try await job.run(NightlyJob.incremental, night: 1).status == 0)
                #expect(try await job.merged() == ChangingTable.csv(whole))
                #expect(try job.cursor() == whole.values.map(\.updatedAt).max())
                #expect(so <= (try job.cursor() ?? ""))
            }
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test func `a run without the cursor in between leaves the cursor where it is`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                table.change(night: 2)
                #expect(try await job.run(NightlyJob.incremental, night: 2).status == 0)
                let cursor = try job.cursor()
                table.change(night: 3)
                #expect(try await job.run(NightlyJob.full, night: 3).status == 0)
                #expect(try job.cursor() == cursor)
                #expect(try await job.run(NightlyJob.incremental, night: 4).status == 0)
                #expect(table.cursors.last == cursor)
                #expect(try await job.merged() == ChangingTable.csv(table.current))
            }
        }
    }

    @Test func `a cursor that another statement left causes a warning`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                table.change(night: 1)
                let warning = "left by another statement or database"
                for night in 1...2 {
                    let outcome = try await job.run(NightlyJob.incremental, night: night)
                    #expect(outcome.status == 0 && !outcome.errors.contains(warning))
                }
                let database = try await job.run(NightlyJob.incremental + ["--database", "other"], night: 3)
                #expect(database.errors.contains(warning), "\(database.errors)")
                let statement = ["--query", "SELECT 1 WHERE updated_at > {cursor}", "--cursor-column", "updated_at"]
                let other = try await job.run(statement, night: 4)
                #expect(other.errors.contains(warning), "\(other.errors)")
            }
        }
    }

    @Test func `an impossible cursor is refused before a query is sent`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            let athena = table.athena()
            try await athena.serve { url in
                let job = NightlyJob(url: url, output: directory)
                let noStart = NightlyJob.incremental.filter { !["--cursor-start", "2026-01-01"].contains($0) }
                expectError(try await job.run(noStart, night: 1), 78, ["updated_at", "--cursor-start"])
                #expect(athena.calls.isEmpty)
                table.change(night: 1)
                #expect(try await job.run(NightlyJob.incremental, night: 1).status == 0)
                let before = athena.calls.count
                for (column, word) in [("no_such", "not in the result"), ("UPDATED_AT", "not in the result")] {
                    let other = NightlyJob.incremental + ["--cursor-column", column]
                    expectError(try await job.run(other, night: 2), 65, [column, word])
                }
                #expect(athena.calls.count == before)
            }
        }
    }

    @Test func `a cursor column that the result lacks is reported, and blocks no better command`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                table.change(night: 1)
                let wrong = NightlyJob.incremental + ["--cursor-column", "changed_at"]
                expectError(try await job.run(wrong, night: 1), 65, ["changed_at", "not in the result"])
                #expect(try await job.run(NightlyJob.incremental, night: 1).status == 0)
                #expect(try await job.merged() == ChangingTable.csv(table.current))
            }
        }
    }
}

@Suite struct `Options of the cursor` {
    private static let statement = "SELECT * FROM t WHERE u > {cursor}"

    @Test(arguments: [
        (["--query", statement], "--query", "--cursor-column"),
        (["--query", "SELECT '{cursor}'", "--cursor-column", "u"], "--cursor-column", "{cursor}"),
        (["--cursor-column", "u"], "--cursor-column", "WHERE u >= {cursor}"),
        (["--cursor-start", "0"], "--cursor-start", "--cursor-column"),
        (["--query-execution-id", "id", "--cursor-column", "u"], "--cursor-column", "exists"),
        (["--query", statement, "--cursor-column", "u", "--parameter", "1"], "--parameter", "0 ?"),
        (["--query", statement + " AND ?", "--cursor-column", "u"], "--query", "1 ?"),
        (["--query", "EXECUTE q USING ?, {cursor}", "--cursor-column", "u"], "--query", "1 ?"),
        (["--query", "EXECUTE q USING {cursor}", "--cursor-column", "u", "--parameter", "1"], "--parameter", "0 ?"),
        (["--query", statement, "--cursor-column", "u", "--cursor-start", "DATE 'x'"], "--cursor-start", "no value"),
        (["--prune-runs", "0"], "--prune-runs", "from 1"),
    ])
    func `cursor options that do not fit are refused by name`(_ arguments: [String], _ option: String, _ word: String) {
        ConfigurationCheck(arguments).expectRefused(.usage, [option, word])
    }

    @Test func `cursor options may stand in the configuration file`() async throws {
        let good = #"""
            "query":"SELECT 1 WHERE u > {cursor} AND a = ?","parameters":["1"],"cursor_column":"u","table":"t",\#
            "primary_key":["k"]
            """#
        #expect(try await ConfigurationCheck.file("{\(good)}".utf8) == .accepted)
        #expect(try await ConfigurationCheck.file("{\(good),\"cursor_start\":\"-5\"}".utf8) == .accepted)
        for (text, words) in [
            ("{\(good),\"cursor_start\":\"'\"}", ["cursor_start"]), (#"{"cursor_start":"1"}"#, ["cursor_start"]),
            (#"{"cursor_column":"u"}"#, ["cursor_column", "{cursor}"]), (#"{"cursor_column":5}"#, ["cursor_column"]),
            (#"{"query":"{cursor}"}"#, ["query", "--cursor-column"]), (#"{"prune_runs":0}"#, ["prune_runs"]),
        ] {
            try await ConfigurationCheck.file(text.utf8).expectRefused(.configuration, words, "\(text)")
        }
    }

    @Test func `cursor options take a value that begins with a hyphen`() {
        let destination = ["--table", "t", "--key", "k"]
        #expect(
            ConfigurationCheck(
                ["--query", Self.statement, "--cursor-column", "u", "--cursor-start", "-5"] + destination) == .accepted)
    }
}
