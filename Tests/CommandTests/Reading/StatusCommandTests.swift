import Foundation
import JSON
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Status` {
    private static func status(_ table: String, _ options: [String] = []) async throws -> JSONField {
        let outcome = try await Executable.run(["status", table, "--format", "json"] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
    }

    @Test func `status shows every run with its files, bytes, cost and cursor, and where the next one begins`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            try await table.athena().serve { url in
                let job = NightlyJob(url: url, output: directory)
                for night in 1...2 {
                    table.change(night: night)
                    #expect(try await job.run(NightlyJob.incremental, night: night).status == 0)
                }
                let answer = try await Self.status(job.table, ["--price-per-tb", "5"])
                let manifest = try ExportedTable(job.table).manifest
                let totals = try manifest.member("totals")
                for name in ["rows", "batches", "bytes", "uncompressed_bytes"] {
                    #expect(try answer.member(name).integer() == totals.member(name).integer(), "\(name)")
                }
                #expect(try answer.member("data_scanned_bytes").integer() == 8192)
                #expect(try answer.member("cursor").member("next").string() == job.cursor())
                #expect(try answer.member("cursor").member("type").string() == "timestamp")
                #expect(try answer.member("next_run").string() == "start")
                #expect(try answer.optionalMember("unfinished") == nil)
                let runs = try answer.member("runs").elements()
                #expect(
                    try runs.map { try $0.member("rows").integer() }.reduce(0, +) == totals.member("rows").integer())
                #expect(
                    try runs.map { try $0.member("bytes").integer() }.reduce(0, +) == totals.member("bytes").integer())
                #expect(try runs[1].member("cursor").member("to").string() == job.cursor())
                // 4096 bytes are billed as 10 MB: 5 / 100,000.
                #expect(try runs.map { try $0.member("cost").value } == [.number("0.000050"), .number("0.000050")])
                #expect(try answer.member("cost").value == .number("0.000100"))

                let text = try await Executable.run(["status", job.table, "--price-per-tb", "5"])
                #expect(
                    text.output.contains("cost 0.0001") && text.output.contains("cursor: updated_at, next 2026-01-02"))
                let unpriced = try await Self.status(job.table)
                #expect(try unpriced.optionalMember("cost") == nil)
                #expect(try unpriced.member("runs").elements()[0].optionalMember("cost") == nil)
            }
        }
    }

    @Test func `status reads the directory that it is run in`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
            #expect(try await Executable.run(["--replay", fixture, "--output", directory]).status == 0)
            let outcome = try await Executable.run(["status", "."], directory: "\(directory)/customers")
            #expect(outcome.status == 0 && outcome.output.contains("42 rows"), "\(outcome.errors)")
        }
    }

    @Test(arguments: [
        (0, 10_000_000), (1, 10_000_000), (10_000_000, 10_000_000), (10_000_001, 11_000_000),
        (1_000_000_000_000, 1_000_000_000_000), (Int.max, Int.max),
    ])
    func `status bills whole megabytes, ten at least`(_ scanned: Int, _ billed: Int) {
        let cost = ScanPrice(perTerabyte: 5).cost(ofScanning: scanned)
        #expect(abs(cost - Double(billed) / 1e12 * 5) <= cost * 1e-6)
    }

    @Test func `status distinguishes a run whose query may not have been sent from one that exports`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: .customers(50), isSigned: isSigned) { call in
                call.operation == "StartQueryExecution" ? .respond(status: 503, body: "") : nil
            }
            try await athena.serve { url in
                let failed = try await Executable.run([
                    "--endpoint-url", url, "--output", directory, "--max-attempts", "1", "--run-id", "nightly",
                ])
                #expect(failed.status == 75, "\(failed.errors)")
            }
            let pending = try await Self.status("\(directory)/customers").member("unfinished")
            #expect(try pending.member("phase").string() == "starting")
            #expect(try pending.optionalMember("query_execution_id") == nil)
            #expect(try pending.member("rows_exported").integer() == 0)
        }
    }

    /// A change of one of the documents, and the word for it in the error.
    private static let changes: [(file: String, old: String, new: String, word: String)] = [
        ("manifest.json", #""version": 1"#, #""version": 3"#, "newer athena-export"),
        ("state.json", #""version": 1"#, #""version": 2"#, "newer athena-export"),
        ("manifest.json", #""cursor": {"#, #""cursor": 5, "x": {"#, "runs[0].cursor"),
        ("manifest.json", #""first_batch": 1"#, #""first_batch": 0"#, "runs[0].first_batch"),
        ("manifest.json", #""parameters_sha256": ""#, #""parameters_sha256": "x"#, "runs[0].parameters_sha256"),
        ("state.json", #""type": "timestamp""#, #""type": "integer""#, "cursor.committed.value"),
        ("state.json", #""type": "timestamp""#, #""type": "time""#, "cursor.committed.type"),
        ("state.json", #""column": "updated_at""#, #""column": 5"#, "cursor.column"),
        ("state.json", #""value": "2026-01-0"#, #""value": "2026-01-01' OR '1'='1"#, "cursor.committed.value"),
    ]

    @Test
    func
        `status of documents that cannot be trusted is an error with the member, and of nothing at all, with the path`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = ChangingTable()
            table.change(night: 1)
            let job = NightlyJob(url: "", output: directory)
            try await table.athena().serve { url in
                let run = try await NightlyJob(url: url, output: directory).run(NightlyJob.incremental, night: 1)
                #expect(run.status == 0, "\(run.errors)")
            }
            for (file, old, new, word) in Self.changes {
                let path = "\(job.table)/\(file)"
                let good = try String(contentsOfFile: path, encoding: .utf8)
                let range = try #require(good.range(of: old), "\(old)")
                try good.replacingCharacters(in: range, with: new).write(
                    toFile: path, atomically: true, encoding: .utf8)
                expectError(try await Executable.run(["status", job.table, "--price-per-tb", "5"]), 65, [word, path])
                try good.write(toFile: path, atomically: true, encoding: .utf8)
            }
            expectError(try await Executable.run(["status", "\(directory)/none"]), 66, ["\(directory)/none"])
            expectError(try await Executable.run(["status", job.table + "/data"]), 66, ["export/customers"])
            for price in ["-1", "x", "nan", "1000001", ""] {
                #expect(try await Executable.run(["status", job.table, "--price-per-tb=\(price)"]).status == 64)
            }
        }
    }

    @Test func `status counts what a hostile manifest says without overflow`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(["--replay", customers, "--output", directory])
            #expect(outcome.status == 0)
            let again = try await Executable.run(["--replay", customers, "--output", directory])
            #expect(again.status == 0)
            let path = "\(directory)/customers/manifest.json"
            let huge = try String(contentsOfFile: path, encoding: .utf8)
                .replacingOccurrences(of: #""data_scanned_bytes": 4096"#, with: #""data_scanned_bytes": \#(Int.max)"#)
            try huge.write(toFile: path, atomically: true, encoding: .utf8)
            let answer = try await Self.status("\(directory)/customers", ["--price-per-tb", "1000000"])
            #expect(try answer.member("data_scanned_bytes").integer() == .max)
            let text = try await Executable.run(["status", "\(directory)/customers", "--price-per-tb", "1000000"])
            #expect(text.status == 0)
        }
    }
}
