import Foundation
import JSON
import Testing
import TestSupport

/// The databases that run scripts here.
enum LoaderDatabase: String, CaseIterable, Sendable {
    case postgres, duckdb, sqlite

    static let areInstalled =
        PostgresServer.programs != nil && DuckDBTarget.program != nil && SQLiteTarget.isInstalled

    static let inBothFormats = allCases.flatMap { [($0, "csv"), ($0, "ndjson")] }

    /// An empty database.
    func target(in directory: String) async throws -> any LoaderTarget {
        switch self {
        case .postgres: try await #require(PostgresServer.current).target()
        case .duckdb: DuckDBTarget(database: "\(directory)/warehouse.duckdb")
        case .sqlite: SQLiteTarget(database: "\(directory)/warehouse.db")
        }
    }
}

/// The command's script for a target.
func loader(_ kind: String, _ table: String, _ options: [String] = []) async throws -> String {
    let outcome = try await Executable.run(["loader", kind, table] + options)
    guard outcome.status == 0, outcome.errors.isEmpty else { throw LoaderFailure(outcome) }
    return outcome.output
}

@Suite(
    .limitedConcurrency,
    .enabled(if: LoaderDatabase.areInstalled, "needs PostgreSQL 15, DuckDB and SQLite: run Tests/setup"),
    LoaderSuiteTrait())
struct `Loading into real databases` {
    /// Runs a script that must succeed.
    func load(_ script: String, into target: any LoaderTarget) async throws {
        let outcome = try await target.run(script)
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
    }

    func expectRows(
        _ target: any LoaderTarget, batches: Int = 9, after: Int = 0, table: String = "golden",
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await target.rows(of: table)
        let expected = target.shown(GoldenTable.reference(batches: batches, after: after))
        #expect(found.count == expected.count, "\(target.kind)", sourceLocation: sourceLocation)
        let different = expected.filter { found[$0.key] != $0.value }
        for (key, row) in different.prefix(2) {
            let pairs = zip(GoldenTable.columns, zip(row, found[key] ?? [])).filter { $1.0 != $1.1 }
            Issue.record("\(target.kind): \(key): \(pairs.prefix(5))", sourceLocation: sourceLocation)
        }
        #expect(different.isEmpty, sourceLocation: sourceLocation)
    }

    @Test(arguments: LoaderDatabase.inBothFormats)
    func `three runs loaded twice are the newest row of every key, cell by cell`(
        _ database: LoaderDatabase, _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(format, in: directory)
            let target = try await database.target(in: directory)
            let script = try await loader(target.kind, table)
            try await load(script, into: target)
            try await expectRows(target)
            try await load(script, into: target)
            try await expectRows(target)
            let merged = try MergedRows.inCSV(try await merge(table, ["--format", "csv"]))
            let newest = Dictionary(merged.map { (Array($0.prefix(2)), $0) }) { $1 }
            #expect(try await target.rows() == target.shown(newest))
            #expect(
                try await target.query("SELECT count(*) || ' ' || sum(\"rows\") FROM athena_export_loads")
                    == ["9 \(try ExportedTable(table).manifest.member("totals").member("rows").integer())"])
        }
    }

    @Test(arguments: LoaderDatabase.allCases)
    func `a script printed after another run loads what is new`(_ database: LoaderDatabase) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let target = try await database.target(in: directory)
            let first = try await goldenTable("csv", runs: 1, in: "\(directory)/1")
            try await load(try await loader(target.kind, first), into: target)
            try await expectRows(target, batches: 3)
            let all = try await goldenTable("csv", in: "\(directory)/2")
            // The files of the first run are the same bytes and loaded already, so they may be missing.
            try FileManager.default.removeItem(atPath: "\(all)/data/batch=000001")
            try await load(try await loader(target.kind, all), into: target)
            try await expectRows(target)
        }
    }

    @Test(arguments: LoaderDatabase.allCases)
    func `a table, its schema and the start of its URLs may be chosen`(_ database: LoaderDatabase) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable("csv", in: directory)
            let target = try await database.target(in: directory)
            let name = "a\"; DROP TABLE athena_export_loads; -- '\\\n:x $$"
            try await load(try await loader(target.kind, table, ["--table", name, "--after", "6"]), into: target)
            try await expectRows(target, after: 6, table: name)
            guard database != .sqlite else { return }
            _ = try await target.query("CREATE SCHEMA \(target.quoted("s\"; --"))")
            try await load(
                try await loader(target.kind, table, ["--table", name, "--schema", "s\"; --"]), into: target)
            let tables = try await target.query(
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = 's\"; --'")
            #expect(tables == ["2"])
        }
    }

    @Test(arguments: LoaderDatabase.inBothFormats)
    func `a table of one column, its key, takes every text`(_ database: LoaderDatabase, _ format: String) async throws {
        let texts = ["", "\\.", "a\n\\.\nb", "NULL", "\\N", " ", "\"", "a,b", "\u{1}", "x\r", "014"]
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult(columns: [("only \"one\"", "varchar")], rowCount: texts.count) { [texts[$0]] }
            result.states = ["SUCCEEDED"]
            let exported = try await FakeAthena(result: result, isSigned: isSigned).serve { url in
                try await Executable.run([
                    "--endpoint-url", url, "--output", directory, "--format", format, "--key", "only \"one\"",
                ])
            }
            #expect(exported.status == 0, "\(exported.errors)")
            let target = try await database.target(in: directory)
            try await load(try await loader(target.kind, "\(directory)/customers"), into: target)
            let found = try await target.query(
                "SELECT \(target.jsonArray(["\"only \"\"one\"\"\""])) FROM customers")
            let values = try found.map {
                try JSONField(try JSONValue(parsing: Array($0.utf8))).elements()[0].string()
            }
            #expect(values.sorted() == texts.sorted())
        }
    }

    @Test(arguments: LoaderDatabase.allCases)
    func `an export without rows makes an empty table`(_ database: LoaderDatabase) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/empty-result").path
            let exported = try await Executable.run(["--replay", fixture, "--output", directory])
            #expect(exported.status == 0, "\(exported.errors)")
            let target = try await database.target(in: directory)
            try await load(try await loader(target.kind, "\(directory)/customers"), into: target)
            #expect(try await target.query("SELECT count(*) FROM customers") == ["0"])
        }
    }

    // MARK: - Files that are not what they were

    enum Damage: String, CaseIterable, Sendable {
        case truncated, altered, missing, swapped, otherRowCount, emptied
    }

    @Test(arguments: LoaderDatabase.inBothFormats, Damage.allCases)
    func `a damaged file stops the script and leaves the table as it was`(
        _ database: (LoaderDatabase, String), _ damage: Damage
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(database.1, runs: 1, in: directory)
            let target = try await database.0.target(in: directory)
            try Self.inflict(damage, on: table, format: database.1)
            let script = try await loader(target.kind, table)
            for _ in 1...2 {
                let outcome = try await target.run(script)
                #expect(outcome.status != 0, "\(outcome.output)")
                #expect(outcome.errors.contains("batch 2") || outcome.errors.contains("rows that the manifest"))
                try await expectRows(target, batches: 1)
                #expect(try await target.query("SELECT max(batch) FROM athena_export_loads") == ["1"])
            }
        }
    }

    /// Damages the second batch of three.
    private static func inflict(_ damage: Damage, on table: String, format: String) throws {
        func file(_ number: Int) -> URL {
            URL(fileURLWithPath: "\(table)/data/batch=00000\(number)/golden-00000\(number).\(format).gz")
        }
        var data = try Data(contentsOf: file(2))
        switch damage {
        case .truncated: try data.dropLast(20).write(to: file(2))
        case .altered:
            data[data.count / 2] ^= 1
            try data.write(to: file(2))
        case .missing: try FileManager.default.removeItem(at: file(2))
        case .swapped: try Data(contentsOf: file(1)).write(to: file(2))
        case .emptied: try Data().write(to: file(2))
        case .otherRowCount:
            // The digest fits and the count does not, as in a manifest of another program.
            let manifest = URL(fileURLWithPath: "\(table)/manifest.json")
            var text = try String(contentsOf: manifest, encoding: .utf8)
            let batches = try ExportedTable(table).manifest.member("batches").elements()
            let rows = try batches[1].member("rows").integer()
            let duplicates = try batches[1].member("duplicate_rows").integer()
            let total = try ExportedTable(table).manifest.member("totals").member("rows").integer()
            let start = try #require(text.range(of: "\"sequence\": 2"))
            for (old, new) in [
                ("\"rows\": \(rows)", "\"rows\": \(rows - 1)"),
                ("\"duplicate_rows\": \(duplicates)", "\"duplicate_rows\": \(duplicates + 1)"),
            ] {
                let range = try #require(text.range(of: old, range: start.upperBound..<text.endIndex))
                text.replaceSubrange(range, with: new)
            }
            let totals = try #require(text.range(of: "\"totals\""))
            let range = try #require(text.range(of: "\"rows\": \(total)", range: totals.upperBound..<text.endIndex))
            text.replaceSubrange(range, with: "\"rows\": \(total - 1)")
            try Data(text.utf8).write(to: manifest)
        }
    }

    @Test(arguments: ["csv", "ndjson"])
    func `a client that continues after an error loads nothing after a damaged file, and all of it once it is whole`(
        _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(format, runs: 1, in: directory)
            let target = DuckDBTarget(database: "\(directory)/warehouse.duckdb")
            let file = URL(fileURLWithPath: "\(table)/data/batch=000002/golden-000002.\(format).gz")
            let whole = try Data(contentsOf: file)
            try Self.inflict(.truncated, on: table, format: format)
            let script = try await loader("duckdb", table)
            let outcome = try await target.pipe(script)
            #expect(outcome.errors.contains("batch 2: the file is missing, or its SHA-256"), "\(outcome.errors)")
            #expect(outcome.errors.contains("batch 3: batch 2 is not in the table yet"))
            try await expectRows(target, batches: 1)
            try whole.write(to: file)
            let repaired = try await target.pipe(script)
            #expect(repaired.errors.isEmpty, "\(repaired.errors)")
            try await expectRows(target, batches: 3)
        }
    }

    @Test(arguments: LoaderDatabase.allCases)
    func `another export is not loaded over a table that has batches of the same numbers`(
        _ database: LoaderDatabase
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let target = try await database.target(in: directory)
            let csv = try await goldenTable("csv", runs: 1, in: "\(directory)/1")
            try await load(try await loader(target.kind, csv), into: target)
            let other = try await goldenTable("ndjson", runs: 2, in: "\(directory)/2")
            let outcome = try await target.run(try await loader(target.kind, other))
            #expect(outcome.status != 0 && outcome.errors.contains("loaded from another file"), "\(outcome.errors)")
            try await expectRows(target, batches: 3)
        }
    }
}
