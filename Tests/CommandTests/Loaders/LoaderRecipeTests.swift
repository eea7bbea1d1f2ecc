import Foundation
import JSON
import Testing
import TestSupport

/// The documentation's blocks for Python libraries, run as they are.
@Suite(
    .limitedConcurrency, .enabled(if: DuckDBTarget.program != nil, "needs pandas, polars and pyarrow: run Tests/setup"),
    LoaderSuiteTrait(startsPostgres: false))
struct `Recipes of the documentation` {
    enum Library: String, CaseIterable, Sendable {
        case pandas, polars, pyarrow

        static let inBothFormats = allCases.flatMap { [($0, "csv"), ($0, "ndjson")] }
    }

    /// The block that imports the library.
    private static func recipe(_ importing: String) throws -> String {
        let blocks = Documentation.blocks("python", in: try Documentation.page("LoadingFromPython"))
            .filter { $0.contains("import \(importing)\n") }
        try #require(blocks.count == 1)
        return blocks[0]
    }

    /// Runs a block beside a table's directory, under the name `export/customers`.
    private func run(_ block: String, on table: String, in directory: String, with helper: [String]) async throws
        -> String
    {
        try FileManager.default.createDirectory(atPath: "\(directory)/export", withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: table, toPath: "\(directory)/export/customers")
        let script = "\(directory)/recipe.py"
        try Data(block.utf8).write(to: URL(fileURLWithPath: script))
        let products = (Executable.path as NSString).deletingLastPathComponent
        let outcome = try await Executable.run(
            try #require(TestMachine.python), helper + [script],
            environment: Executable.environment([
                "PATH": "\(products):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
            ]), directory: directory)
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
        return outcome.output
    }

    /// The rows that a library reads.
    private func rows(_ library: Library, of table: String, in directory: String) async throws -> [[String?]] {
        let helper = TestMachine.root.appendingPathComponent("Tests/CommandTests/Loaders/recipe-rows.py").path
        let block = try Self.recipe(
            "\(library.rawValue) as \(["pandas": "pd", "polars": "pl"][library.rawValue] ?? "pa")")
        return try await run(block, on: table, in: directory, with: [helper]).split(separator: "\n").map { line in
            try JSONField(try JSONValue(parsing: Array(line.utf8))).elements()
                .map { $0.value == .null ? nil : try $0.string() }
        }
    }

    /// An export of rows; its directory.
    private func export(
        _ columns: [(String, String)], _ rows: [[String?]], _ format: String, in directory: String,
        _ options: [String]? = nil
    ) async throws -> String {
        var result = FakeResult(columns: columns, rowCount: rows.count) { rows[$0] }
        result.states = ["SUCCEEDED"]
        let outcome = try await FakeAthena(result: result, isSigned: isSigned).serve { url in
            try await Executable.run(
                ["--endpoint-url", url, "--output", directory, "--format", format]
                    + (options ?? ["--key", columns[0].0]))
        }
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
        return "\(directory)/customers"
    }

    @Test(arguments: Library.inBothFormats)
    func `a recipe gives the newest row of every key, cell by cell`(_ library: Library, _ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(format, in: directory)
            var found: [[String?]: [String?]] = [:]
            for row in try await rows(library, of: table, in: directory) {
                let shown = library == .pandas ? row : Self.normal(row)
                #expect(found.updateValue(shown, forKey: Array(shown[..<2])) == nil)
            }
            let expected = GoldenTable.reference().mapValues { row in
                library == .pandas ? row.map { $0 ?? "" } : Self.normal(row)
            }
            #expect(found.count == expected.count)
            let different = expected.filter { found[$0.key] != $0.value }
            for (key, row) in different.prefix(2) {
                let pairs = zip(GoldenTable.columns, zip(row, found[key] ?? [])).filter { $1.0 != $1.1 }
                Issue.record("\(library): \(key): \(pairs.prefix(5))")
            }
            #expect(different.isEmpty)
        }
    }

    @Test(arguments: Library.inBothFormats, [["--key", "id"], ["--write-mode", "append"]])
    func `a recipe gives NULL for columns that older files lack, and keeps all rows that were appended`(
        _ reader: (library: Library, format: String), _ mode: [String]
    ) async throws {
        let (library, format) = reader
        try await TestMachine.withTemporaryDirectory { directory in
            let options = mode + ["--on-schema-change", "append_new_columns"]
            let first: [[String?]] = [["1", "a"], ["2", "b"]]
            _ = try await export([("id", "varchar"), ("v", "varchar")], first, format, in: directory, options)
            let columns = [("n", "bigint"), ("id", "varchar"), ("v", "varchar")]
            let table = try await export(columns, [["7", "2", "B"]], format, in: directory, options)
            let null: String? = library == .pandas ? "" : nil
            let older = [["1", "a", null], ["2", "b", null]]
            let expected = (mode[0] == "--key" ? [older[0]] : older) + [["2", "B", "7"]]
            let found = try await rows(library, of: table, in: directory)
            #expect(found.sorted { "\($0)" < "\($1)" } == expected.sorted { "\($0)" < "\($1)" })
        }
    }

    @Test(arguments: Library.inBothFormats)
    func `a recipe reads an export without rows as a table without rows`(
        _ library: Library, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let columns = [("id", "varchar"), ("n", "bigint"), ("at", "timestamp"), ("d", "decimal(10,2)")]
            let table = try await export(columns, [], format, in: directory)
            #expect(try await rows(library, of: table, in: directory).isEmpty)
        }
    }

    @Test(arguments: Library.inBothFormats)
    func `a recipe reads a row of megabytes below a path of brackets`(
        _ library: Library, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { parent in
            let directory = "\(parent)/out[1]*?"
            let long = [["a", String(repeating: "x", count: 3_000_000)], ["b", "y"]]
            let table = try await export([("id", "varchar"), ("v", "varchar")], long, format, in: directory)
            #expect(Set(try await rows(library, of: table, in: directory)) == Set(long))
        }
    }

    @Test(arguments: Library.inBothFormats)
    func `a recipe reads rows of nothing but blanks`(_ library: Library, _ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let keys = [" ", "", "   ", "\t", " \t ", "a", "\u{feff}"].map { [$0] }
            let table = try await export([("\u{feff}id", "varchar")], keys, format, in: directory)
            #expect(Set(try await rows(library, of: table, in: directory)) == Set(keys))
        }
    }

    @Test(
        arguments: Library.inBothFormats,
        [
            ["2026-01-02 03:04:05.123", "1969-12-31 23:59:59.999"],
            ["2026-01-02 03:04:05.123456", "0001-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999"],
            ["2026-01-02 03:04:05.123456789", "1700-01-01 00:00:00.000000001"],
            ["2026-01-02 03:04:05.123456789", "9999-12-31 23:59:59.999999999", "0001-01-01 00:00:00.1234567"],
            ["2026-01-02 03:04:05.123456789012", "2026-01-02 03:04:05.123"],
            ["+49134-01-07 05:30:00.123", "2026-01-02 03:04:05.123"],
            ["-0001-12-31 05:30:00.123", "2026-01-02 03:04:05.123456"],
        ])
    func `a recipe keeps every digit and every year of a time`(
        _ reader: (library: Library, format: String), _ times: [String]
    ) async throws {
        let (library, format) = reader
        try await TestMachine.withTemporaryDirectory { directory in
            let expected = times.enumerated().map { ["\($0)", $1] }
            let table = try await export(
                [("id", "varchar"), ("at", "timestamp")], expected, format, in: directory)
            #expect(Set(try await rows(library, of: table, in: directory)) == Set(expected))
        }
    }

    @Test(arguments: ["csv", "ndjson"])
    func `the recipe for DuckDB loads the newest row of every key`(_ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(format, in: directory)
            _ = try await run(try Self.recipe("duckdb"), on: table, in: directory, with: [])
            let target = DuckDBTarget(database: "\(directory)/warehouse.duckdb")
            #expect(try await target.rows() == target.shown(GoldenTable.reference()))
        }
    }

    /// Numbers as Swift prints them.
    private static func normal(_ row: [String?]) -> [String?] {
        zip(GoldenTable.columns, row).map { column, value in
            switch column.kind {
            case .float: value.flatMap { Float($0) }.map { "\($0)" }
            case .double: value.flatMap { Double($0) }.map { "\($0)" }
            default: value
            }
        }
    }
}
