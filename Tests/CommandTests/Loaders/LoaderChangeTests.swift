import Foundation
import JSON
import Testing
import TestSupport

/// A table of some nights, exported by the built command.
private enum Nights {
    /// - Parameters:
    ///   - columns: of the result.
    ///   - rows: with a value for each column.
    static func export(
        _ columns: [(name: String, type: String)], _ rows: [[String?]], _ format: String, into parent: String,
        _ options: [String]
    ) async throws {
        var result = FakeResult(columns: columns, rowCount: rows.count) { rows[$0] }
        result.states = ["SUCCEEDED"]
        let outcome = try await FakeAthena(result: result, isSigned: isSigned).serve { url in
            try await Executable.run(
                [
                    "--endpoint-url", url, "--output", parent, "--table", "events", "--batch-rows", "2", "--format",
                    format, "--on-schema-change", "append_new_columns",
                ] + options)
        }
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
    }
}

/// The rows of a table as texts, by their order.
private func rows(_ target: any LoaderTarget, _ columns: [String]) async throws -> [[String?]] {
    let texts = columns.map { "CAST(\(target.quoted($0)) AS varchar)" }
    let order = columns.map { "\(target.quoted($0)) NULLS FIRST" }.joined(separator: ", ")
    let lines = try await target.query("SELECT \(target.jsonArray(texts)) FROM events ORDER BY \(order)")
    return try lines.map { line in
        try JSONField(try JSONValue(parsing: Array(line.utf8))).elements()
            .map { $0.value == .null ? nil : try $0.string() }
    }
}

@Suite(
    .limitedConcurrency,
    .enabled(if: LoaderDatabase.areInstalled, "needs PostgreSQL 15, DuckDB and SQLite: run Tests/setup"),
    LoaderSuiteTrait())
struct `Loading exports that change` {
    private func load(_ table: String, _ options: [String] = [], into target: any LoaderTarget) async throws {
        let outcome = try await target.run(try await loader(target.kind, table, options))
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
    }

    private static let narrow = [(name: "id", type: "varchar"), (name: "v", type: "varchar")]
    /// With a name that is hard to quote, in another order than the table's.
    private static let wide = [
        (name: "new \"w\" '$$'\\", type: "varchar"), (name: "v", type: "varchar"), (name: "n", type: "integer"),
        (name: "id", type: "varchar"), (name: "day", type: "date"),
    ]
    private static let names = ["id", "v", "new \"w\" '$$'\\", "n", "day"]
    private static let first: [[String?]] = [["1", "a"], ["2", nil], ["3", ""]]
    private static let second: [[String?]] = [["w", "B", "7", "2", nil], [nil, "d", nil, "4", "2024-02-29"]]
    private static let merged: [[String?]] = [
        ["1", "a", nil, nil, nil], ["2", "B", "w", "7", nil], ["3", "", nil, nil, nil],
        ["4", "d", nil, nil, "2024-02-29"],
    ]

    @Test(arguments: LoaderDatabase.inBothFormats)
    func `a column that came later is added to the table, and older files are loaded without it`(
        _ database: LoaderDatabase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = "\(directory)/events"
            let target = try await database.target(in: directory)
            try await Nights.export(Self.narrow, Self.first, format, into: directory, ["--key", "id"])
            try await load(table, into: target)
            #expect(try await rows(target, ["id", "v"]) == Self.first)
            try await Nights.export(Self.wide, Self.second, format, into: directory, ["--key", "id"])
            for _ in 1...2 {
                try await load(table, into: target)
                #expect(try await rows(target, Self.names) == Self.merged)
            }
            // A target that has nothing yet gets the older files with the newer ones.
            let other = try await database.target(in: try subdirectory("other", of: directory))
            try await load(table, into: other)
            #expect(try await rows(other, Self.names) == Self.merged)
        }
    }

    @Test(arguments: LoaderDatabase.inBothFormats)
    func `appended rows are inserted exactly once, with every repetition`(
        _ database: LoaderDatabase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = "\(directory)/events"
            let target = try await database.target(in: directory)
            let append = ["--write-mode", "append"]
            let events: [[String?]] = [["1", "a"], ["1", "a"], [nil, nil], ["2", ""], ["1", "a"]]
            try await Nights.export(Self.narrow, events, format, into: directory, append)
            try await load(table, into: target)
            try await load(table, into: target)
            let sorted: [[String?]] = [[nil, nil], ["1", "a"], ["1", "a"], ["1", "a"], ["2", ""]]
            #expect(try await rows(target, ["id", "v"]) == sorted)
            try await Nights.export(Self.wide, Self.second, format, into: directory, append)
            try await load(table, into: target)
            let all =
                [[nil, nil, nil, nil, nil]] + Array(repeating: ["1", "a", nil, nil, nil], count: 3)
                + [["2", "", nil, nil, nil], Self.merged[1], Self.merged[3]]
            #expect(try await rows(target, Self.names) == all)
        }
    }

    @Test(arguments: LoaderDatabase.allCases)
    func `two loads at once add a column once`(_ database: LoaderDatabase) async throws {
        // DuckDB lets one process at a time into a database.
        guard database != .duckdb else { return }
        try await TestMachine.withTemporaryDirectory { directory in
            let table = "\(directory)/events"
            let target = try await database.target(in: directory)
            try await Nights.export(Self.narrow, Self.first, "csv", into: directory, ["--key", "id"])
            try await load(table, into: target)
            try await Nights.export(Self.wide, Self.second, "csv", into: directory, ["--key", "id"])
            let script = try await loader(target.kind, table)
            async let one = target.run(script)
            async let other = target.run(script)
            let outcomes = try await [one, other]
            #expect(outcomes.contains { $0.status == 0 })
            #expect(try await rows(target, Self.names) == Self.merged)
        }
    }

    private func subdirectory(_ name: String, of directory: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        return "\(directory)/\(name)"
    }
}

@Suite(.limitedConcurrency) struct `Scripts for warehouses of exports that change` {
    private static let wide = [
        (name: "w", type: "varchar"), (name: "id", type: "varchar"), (name: "day", type: "date"),
    ]

    /// The script for an export whose second run has more columns.
    private func withScript(
        _ kind: String, _ scheme: String, _ options: [String], _ check: (String) throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let narrow = [(name: "id", type: "varchar")]
            try await Nights.export(narrow, [["1"]], "csv", into: directory, options)
            try await Nights.export(Self.wide, [["w", "2", nil]], "csv", into: directory, options)
            try check(try await loader(kind, "\(directory)/events", ["--url-prefix", "\(scheme)://bucket/x"]))
        }
    }

    @Test(arguments: [("snowflake", "\"w\" VARCHAR"), ("bigquery", "`w` STRING")])
    func `a target with ADD COLUMN IF NOT EXISTS gets it for each column that came later`(
        _ kind: String, _ definition: String
    ) async throws {
        try await withScript(kind, "gs", ["--key", "id"]) { script in
            #expect(script.components(separatedBy: "ADD COLUMN IF NOT EXISTS").count == 3)
            #expect(script.contains("ADD COLUMN IF NOT EXISTS \(definition);"))
            #expect(script.components(separatedBy: "MERGE ").count == 3)
        }
    }

    @Test func `Snowflake copies a file that lacks columns by the fields that it has`() async throws {
        try await withScript("snowflake", "s3", ["--key", "id"]) { script in
            #expect(script.contains("COPY INTO athena_export_stage (\"id\") FROM (SELECT $1 FROM @"))
            #expect(script.contains("COPY INTO athena_export_stage FROM @"))
        }
    }

    @Test func `Redshift adds a column that the table lacks, and copies each file by its columns`() async throws {
        try await withScript("redshift", "s3", ["--key", "id"]) { script in
            #expect(script.contains("EXECUTE 'ALTER TABLE \"events\" ADD COLUMN \"w\" VARCHAR(65535)';"))
            #expect(script.contains("CALL \"athena_export_add_events\"();"))
            let calls = script.split(separator: "\n").filter { $0.hasPrefix("CALL \"athena_export_load") }
            #expect(calls.count == 2 && calls[0].hasSuffix("'\"id\"', false);"))
            #expect(calls.last?.hasSuffix("'\"id\", \"w\", \"day\"', false);") == true)
        }
    }

    @Test(arguments: [("redshift", "s3"), ("snowflake", "s3"), ("bigquery", "gs")])
    func `appended rows are inserted and replace none`(_ kind: String, _ scheme: String) async throws {
        try await withScript(kind, scheme, ["--write-mode", "append"]) { script in
            #expect(!script.contains("MERGE ") && !script.contains("DELETE FROM \"events\""))
            #expect(!script.contains("PRIMARY KEY (\"id\")") && !script.contains("PRIMARY KEY (`id`)"))
            #expect(script.contains("INSERT INTO \(kind == "bigquery" ? "`events`" : "\"events\"")"))
        }
    }

    @Test func `datapackage.json gives each file its own fields, and appended rows no key`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let append = ["--write-mode", "append"]
            try await Nights.export([(name: "id", type: "varchar")], [["1"]], "csv", into: directory, append)
            try await Nights.export(Self.wide, [["w", "2", nil]], "csv", into: directory, append)
            let text = try await loader("datapackage", "\(directory)/events")
            let resources = try JSONField(try JSONValue(parsing: Array(text.utf8))).member("resources").elements()
            let schemas = try resources.map { try $0.member("schema") }
            #expect(try schemas.map { try $0.member("fields").elements().count } == [1, 3])
            #expect(try schemas.allSatisfy { try $0.optionalMember("primaryKey") == nil })
        }
    }
}
