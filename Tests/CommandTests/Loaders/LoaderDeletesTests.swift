import Foundation
import JSON
import Testing
import TestSupport

@Suite(
    .limitedConcurrency,
    .enabled(if: LoaderDatabase.areInstalled, "needs PostgreSQL 15, DuckDB and SQLite: run Tests/setup"),
    LoaderSuiteTrait())
struct `Loading deletes` {
    private static func export(
        _ rows: [[String?]], columns: [(name: String, type: String)] = columns, key: [String] = ["id", "day"],
        _ format: String, into parent: String
    ) async throws {
        var result = FakeResult(columns: columns, rowCount: rows.count) { rows[$0] }
        result.states = ["SUCCEEDED"]
        let outcome = try await FakeAthena(result: result, isSigned: isSigned).serve { url in
            try await Executable.run(
                [
                    "--endpoint-url", url, "--output", parent, "--table", "events", "--batch-rows", "2", "--format",
                    format, "--changes-only", "--max-deletes", "100",
                ] + key.flatMap { ["--key", $0] })
        }
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
    }

    private static let columns = [
        (name: "v", type: "varchar"), (name: "day", type: "date"), (name: "id", type: "varchar"),
    ]

    /// Keys that are hard to quote, and one that comes back.
    private static let nights: [[[String?]]] = [
        [
            ["1", "2026-01-01", "a"], [nil, "2026-01-01", "b,\"\n"], ["", "2026-01-02", "a"],
            ["4", "2026-01-01", "\\."],
            ["5", "2026-01-01", ""],
        ],
        [["1", "2026-01-01", "a"], ["6", "2026-01-01", "c"]],
        [["1", "2026-01-01", "a"], ["7", "2026-01-01", "\\."]],
        [],
        [["8", "2026-01-01", "b,\"\n"]],
    ]

    private func rows(_ target: any LoaderTarget) async throws -> [[String?]] {
        let texts = ["v", "day", "id"].map { "CAST(\(target.quoted($0)) AS varchar)" }
        let lines = try await target.query("SELECT \(target.jsonArray(texts)) FROM events ORDER BY id, day")
        return try lines.map { line in
            try JSONField(try JSONValue(parsing: Array(line.utf8))).elements()
                .map { $0.value == .null ? nil : try $0.string() }
        }
    }

    @Test(arguments: LoaderDatabase.inBothFormats)
    func `each target has the table of every night, whether it loads each night or all of them at once`(
        _ database: LoaderDatabase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let target = try await database.target(in: directory)
            func load(into target: any LoaderTarget) async throws {
                let outcome = try await target.run(try await loader(target.kind, "\(directory)/events", []))
                guard outcome.status == 0 else { throw LoaderFailure(outcome) }
                #expect(outcome.errors.isEmpty, "\(outcome.errors)")
            }
            for (night, table) in Self.nights.enumerated() {
                try await Self.export(table, format, into: directory)
                // The second time there is nothing to do.
                for _ in 1...2 {
                    try await load(into: target)
                    let expected = table.sorted { ($0[2] ?? "", $0[1] ?? "") < ($1[2] ?? "", $1[1] ?? "") }
                    #expect(try await Set(rows(target)) == Set(expected), "night \(night + 1)")
                }
            }
            try FileManager.default.createDirectory(
                atPath: "\(directory)/other", withIntermediateDirectories: true)
            let other = try await database.target(in: "\(directory)/other")
            try await load(into: other)
            #expect(try await rows(other) == Self.nights[4])
        }
    }

    @Test(arguments: LoaderDatabase.inBothFormats)
    func `files of one column, of rows or of deletes, are loaded once and passed over from then on`(
        _ database: LoaderDatabase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let target = try await database.target(in: directory)
            for night in [["1", "2", "3"], ["2", "4"], ["1", "4"]] {
                try await Self.export(
                    night.map { [$0] }, columns: [("id", "varchar")], key: ["id"], format, into: directory)
                for _ in 1...2 {
                    let loaded = try await target.run(try await loader(target.kind, "\(directory)/events"))
                    #expect(loaded.status == 0 && loaded.errors.isEmpty, "\(loaded.errors)")
                    #expect(try await target.query("SELECT id FROM events ORDER BY id") == night)
                }
            }
        }
    }

    @Test(arguments: ["redshift", "snowflake", "bigquery"])
    func `the scripts for warehouses delete staged keys, in the transaction that notes the batch`(
        _ kind: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            for table in Self.nights.prefix(2) { try await Self.export(table, "csv", into: directory) }
            let prefix = kind == "bigquery" ? "gs://bucket/events" : "s3://bucket/events"
            let script = try await loader(kind, "\(directory)/events", ["--url-prefix", prefix])
            #expect(script.contains("deleted/batch=000005/events-000005.csv.gz") || kind == "redshift")
            switch kind {
            case "redshift":
                #expect(script.contains("events-000005.csv.gz.manifest', '\"id\", \"day\"', true);"))
                let manifest = try await loader(
                    kind, "\(directory)/events", ["--url-prefix", prefix, "--redshift-manifest", "5"])
                #expect(manifest.contains("s3://bucket/events/deleted/batch=000005/events-000005.csv.gz"))
            default: #expect(script.contains("WHEN MATCHED THEN DELETE;"))
            }
        }
    }
}
