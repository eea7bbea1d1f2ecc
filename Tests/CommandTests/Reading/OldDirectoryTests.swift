import Foundation
import JSON
import Testing
import TestSupport

/// Directories that version 0.1.0 left: `Tests/OldDirectories`.
@Suite(.limitedConcurrency) struct `Directories of version 0.1.0` {
    /// A copy of one of them; the body gets the table's directory.
    private func withCopy(_ name: String, _ body: (String) async throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let original = TestMachine.root.appendingPathComponent("Tests/OldDirectories/\(name)/customers").path
            try FileManager.default.copyItem(atPath: original, toPath: "\(directory)/customers")
            try await body("\(directory)/customers")
        }
    }

    private func run(_ arguments: [String]) async throws -> String {
        let outcome = try await Executable.run(arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome.output
    }

    private func replay(_ table: String, _ options: [String]) async throws {
        _ = try await run(
            ["--replay", customers, "--output", URL(fileURLWithPath: table).deletingLastPathComponent().path] + options)
    }

    /// The text of a batch as it must be.
    private func expected(_ batch: Int, _ format: String) throws -> String {
        let file = "Tests/Expected/customers-20-rows/batch=00000\(batch).\(format)"
        return try String(contentsOf: TestMachine.root.appendingPathComponent(file), encoding: .utf8)
    }

    @Test(arguments: ["finished", "unfinished"])
    func `an old directory is read by every command that reads`(_ name: String) async throws {
        try await withCopy(name) { table in
            let rows = name == "finished" ? 44 : 39
            #expect(try await run(["status", table]).contains("\(rows) rows"))
            #expect(try await run(["verify", table]).contains("\(rows) rows match the manifest"))
            let merged = try await run(["merge", table, "--format", "ndjson"])
            #expect(merged.split(separator: "\n").count == (name == "finished" ? 42 : 38))
            for kind in ["postgres", "duckdb", "sqlite", "datapackage"] {
                #expect(try await run(["loader", kind, table]).contains("customers-000002"))
            }
            for (kind, scheme) in [("redshift", "s3"), ("snowflake", "s3"), ("bigquery", "gs")] {
                let script = try await run(["loader", kind, table, "--url-prefix", "\(scheme)://bucket/customers"])
                #expect(script.contains("customers-000002"))
                #expect(!script.contains("ADD COLUMN"))
            }
        }
    }

    @Test func `an unfinished run of version 0.1.0 is resumed to the bytes of today`() async throws {
        try await withCopy("unfinished") { table in
            let before = TestMachine.files(below: "\(table)/data")
            try await replay(table, ["--batch-rows", "20", "--format", "ndjson", "--run-id", "2026-11-02"])
            let contents = try await ExportedTable(table).contents()
            #expect(try contents == (1...3).map { try expected($0, "ndjson") })
            let after = TestMachine.files(below: "\(table)/data")
            #expect(before.allSatisfy { after[$0.key] == $0.value })
            #expect(try ExportedTable(table).manifest.member("version").integer() == 1)
            #expect(try ExportedTable(table).manifest.member("runs").elements().count == 1)
        }
    }

    @Test func `a run that succeeded in version 0.1.0 is not run again, and the next one continues its numbers`()
        async throws
    {
        try await withCopy("finished") { table in
            try await replay(table, ["--batch-rows", "20", "--run-id", "2026-11-01"])
            #expect(try ExportedTable(table).manifest.member("runs").elements().count == 1)
            try await replay(
                table, ["--batch-rows", "20", "--run-id", "2026-11-02", "--on-schema-change", "append_new_columns"])
            let exported = try ExportedTable(table)
            let sequences = try exported.manifest.member("batches").elements().map {
                try $0.member("sequence").integer()
            }
            #expect(sequences == Array(1...6))
            #expect(try exported.manifest.member("version").integer() == 1)
            let contents = try await exported.contents()
            #expect(Array(contents[..<3]) == Array(contents[3...]))
        }
    }

    @Test func `an unfinished run of version 0.1.0 is not resumed with another write mode`() async throws {
        try await withCopy("unfinished") { table in
            let parent = URL(fileURLWithPath: table).deletingLastPathComponent().path
            let before = TestMachine.files(below: "\(table)/data")
            let refused = try await Executable.run([
                "--replay", customers, "--output", parent, "--batch-rows", "20", "--format", "ndjson", "--write-mode",
                "append",
            ])
            expectError(refused, 65, ["write_mode was not set, is append"])
            #expect(TestMachine.files(below: "\(table)/data") == before)
        }
    }
}
