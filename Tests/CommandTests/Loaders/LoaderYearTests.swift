import Foundation
import JSON
import Testing
import TestSupport

/// Dates and times that Athena prints with a sign in front of the year, or with the year 0000.
@Suite(
    .limitedConcurrency,
    .enabled(if: LoaderDatabase.areInstalled, "needs PostgreSQL 15, DuckDB and SQLite: run Tests/setup"),
    LoaderSuiteTrait())
struct `Years before 1 and after 9999` {
    private static let columns = [
        ("id", "varchar"), ("the\n$athena_export$ 'day' %", "date"), ("at", "timestamp"),
        ("zoned", "timestamp with time zone"),
    ]

    /// Rows as Athena sends them, and the same in seconds since 1970, by the algorithm of Hinnant's `days_from_civil`.
    private static let rows: [(values: [String?], seconds: [Int?])] = [
        (
            ["a", "+10000-01-01", "+49134-01-07 05:30:00.000", "+49134-01-07 05:30:00.000 UTC"],
            [253_402_300_800, 1_488_352_599_000, 1_488_352_599_000]
        ),
        (
            ["b", "-0001-12-31", "-0001-12-31 05:30:00.000", "+49134-01-07 05:30:00.000 America/New_York"],
            [-62_167_305_600, -62_167_285_800, 1_488_352_617_000]
        ),
        (
            ["c", "0000-02-29", "0000-02-29 00:00:00.000", "-0001-12-31 05:30:00.000 +05:30"],
            [-62_162_121_600, -62_162_121_600, -62_167_305_600]
        ),
        (
            ["d", "-4712-01-01", "-4712-01-01 00:00:00.000", "0000-02-29 00:00:00.000 UTC"],
            [-210_863_520_000, -210_863_520_000, -62_162_121_600]
        ),
        (["e", "2024-02-29", nil, nil], [1_709_164_800, nil, nil]),
        (["f", "+5874897-12-31", nil, "2024-01-02 03:04:05.000 UTC"], [185_331_706_992_000, nil, 1_704_164_645]),
    ]

    /// An export of rows; its directory.
    private func export(_ rows: [[String?]], _ format: String, in directory: String) async throws -> String {
        var result = FakeResult(columns: Self.columns, rowCount: rows.count) { rows[$0] }
        result.states = ["SUCCEEDED"]
        let exported = try await FakeAthena(result: result, isSigned: isSigned).serve { url in
            try await Executable.run([
                "--endpoint-url", url, "--output", directory, "--format", format, "--key", "id",
            ])
        }
        guard exported.status == 0 else { throw LoaderFailure(exported) }
        return "\(directory)/customers"
    }

    /// The values of a query for one JSON array a row, by the first value.
    private func values(
        _ target: any LoaderTarget, _ expressions: [String], of table: String = "customers"
    ) async throws -> [String?: [String?]] {
        var values: [String?: [String?]] = [:]
        for line in try await target.query("SELECT \(target.jsonArray(expressions)) FROM \(table)") {
            let row = try JSONField(try JSONValue(parsing: Array(line.utf8))).elements()
                .map { $0.value == .null ? nil : try $0.string() }
            values[row[0]] = Array(row.dropFirst())
        }
        return values
    }

    @Test(arguments: LoaderDatabase.inBothFormats)
    func `a year that a database has is loaded as that year`(
        _ database: LoaderDatabase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await export(Self.rows.map(\.values), format, in: directory)
            let target = try await database.target(in: directory)
            for _ in 1...2 {
                let outcome = try await target.run(try await loader(target.kind, table))
                guard outcome.status == 0 else { throw LoaderFailure(outcome) }
            }
            let names = Self.columns.dropFirst().map { target.quoted($0.0) }
            let expressions: [String] =
                switch database {
                case .postgres: names.map { "extract(epoch from \($0))::bigint::text" }
                case .duckdb: names.map { "CAST(CAST(epoch(\($0)) AS BIGINT) AS VARCHAR)" }
                case .sqlite: names
                }
            let found = try await values(target, ["id"] + expressions)
            for row in Self.rows {
                let expected =
                    database == .sqlite ? Array(row.values.dropFirst()) : row.seconds.map { $0.map { "\($0)" } }
                #expect(found[row.values[0]] == expected, "\(row.values)")
            }
        }
    }

    @Test(
        arguments: ["csv", "ndjson"],
        [
            (1, "-4713-01-01", "4713 BC"), (1, "+5874898-01-01", "5874897"), (2, "-9999-01-01 00:00:00.000", "4713 BC"),
            (3, "-271821-01-01 00:00:00.000 UTC", "4713 BC"),
        ])
    func `a year that PostgreSQL does not have stops the script by its column, and --as-text loads it`(
        _ format: String, _ value: (column: Int, text: String, limit: String)
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var row: [String?] = ["x", nil, nil, nil]
            row[value.column] = value.text
            let table = try await export([["w", "2024-02-29", nil, nil], row], format, in: directory)
            let target = try await LoaderDatabase.postgres.target(in: directory)
            let name = Self.columns[value.column].0
            let outcome = try await target.run(try await loader(target.kind, table))
            #expect(outcome.status != 0)
            for word in ["batch 1: column \(name) holds a year", value.limit, "--as-text", "another --table"] {
                #expect(outcome.errors.contains(word), "\(word) in \(outcome.errors)")
            }
            #expect(!outcome.errors.contains(value.text))
            #expect(try await target.query("SELECT count(*) FROM customers") == ["0"])

            let asText = try await loader(target.kind, table, ["--as-text", name, "--table", "texts"])
            let loaded = try await target.run(asText)
            guard loaded.status == 0 else { throw LoaderFailure(loaded) }
            let found = try await values(target, ["id", "\(target.quoted(name))::text"], of: "texts")
            #expect(found["x"] == [value.text])
        }
    }

    @Test func `a column of dates becomes text in every script, and no other column may`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await export([["x", "+10000-01-01", nil, nil]], "csv", in: directory)
            let prefixes = ["redshift": "s3://bucket/c", "snowflake": "s3://bucket/c", "bigquery": "gs://bucket/c"]
            for kind in ["postgres", "duckdb", "sqlite", "redshift", "snowflake", "datapackage"] {
                let location = prefixes[kind].map { ["--url-prefix", $0] } ?? []
                let plain = try await loader(kind, table, location)
                let texts = try await loader(kind, table, location + ["--as-text", "at", "--as-text", "zoned"])
                #expect(kind == "sqlite" || plain != texts, "\(kind)")
                #expect(!texts.lowercased().contains("\"at\" timestamp"), "\(kind)")
            }
            for name in ["id", "missing", "AT"] {
                let outcome = try await Executable.run(["loader", "duckdb", table, "--as-text", name])
                #expect(outcome.status == 65 && outcome.output.isEmpty)
                #expect(outcome.errors.contains("--as-text \(name)"), "\(outcome.errors)")
            }
        }
    }

    @Test(arguments: ["csv", "ndjson"])
    func `a script for a warehouse names the column with a year that it does not have`(_ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await export([["x", "+10000-01-01", nil, nil]], format, in: directory)
            let snowflake = try await loader("snowflake", table, ["--url-prefix", "s3://bucket/c"])
            #expect(snowflake.contains("'batch 1: column at holds a year before 1 or after 9999, which Snowflake"))
            #expect(snowflake.contains("''day'' % holds a year before 1 or after 9999, which Snowflake"))
            #expect(!snowflake.contains("column zoned holds"), "zoned is text there")
            #expect(snowflake.components(separatedBy: "RAISE other_years_").count == 3)
            let redshift = try await loader("redshift", table, ["--url-prefix", "s3://bucket/c"])
            #expect(
                redshift.contains("-- SYS_LOAD_ERROR_DETAIL names the column: print the script again with --as-text"))
            // BigQuery allows no line break in a name.
            let manifest = URL(fileURLWithPath: "\(table)/manifest.json")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            try Data(text.replacing(#"the\n$athena_export$ 'day' %"#, with: "day").utf8).write(to: manifest)
            let bigquery = try await loader("bigquery", table, ["--url-prefix", "gs://bucket/c"])
            for name in ["day", "at", "zoned"] {
                #expect(
                    bigquery.contains(
                        "WHERE (`\(name)` LIKE '+%' OR `\(name)` LIKE '-%' OR `\(name)` LIKE '0000-%'))"))
                #expect(bigquery.contains("AS 'batch 1: column \(name) holds a year before 1 or after 9999, which"))
            }
        }
    }
}
