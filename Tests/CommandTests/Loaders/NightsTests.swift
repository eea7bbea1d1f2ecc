import ArgumentParser
import Foundation
import JSON
import Testing
import TestSupport
import Threading

@testable import athena_export

/// Kills the command at one of its calls to the service.
private final class CallKiller: Sendable {
    private let victim = Locked<(process: RunningProcess, calls: Int)?>(nil)

    /// - Parameter calls: so many calls from now on, the last one included.
    func kill(_ process: RunningProcess, in calls: Int) { victim.withLock { $0 = (process, calls) } }

    func spare() { victim.withLock { $0 = nil } }

    @Sendable func script(_: PendingCall) -> Fault? {
        victim.withLock { victim in
            guard let (process, calls) = victim else { return nil }
            victim?.calls = calls - 1
            return calls == 1 ? .before { process.kill() } : nil
        }
    }
}

/// An Athena with a table that changes from night to night, by one command with one directory and three databases.
private struct LoadedNights {
    private let seed: UInt64
    private let directory: String
    private var model: ModelTable
    private let format: String
    private let source: String
    private let targets: [any LoaderTarget]

    private let killer = CallKiller()
    private let tonight = Locked(FakeResult(rowCount: 0))
    private let s3: FakeS3
    /// As they were when they were published.
    private var published: [String: Data] = [:]
    /// The last batch that the databases have.
    private var loaded = 0

    init(seed: UInt64, in directory: String) async throws {
        self.seed = seed
        self.directory = directory
        model = ModelTable(seed: seed)
        format = seed % 2 == 0 ? "csv" : "ndjson"
        source = seed % 5 < 2 ? "api" : "s3"
        var targets: [any LoaderTarget] = []
        for database in LoaderDatabase.allCases { targets.append(try await database.target(in: directory)) }
        self.targets = targets
        s3 = FakeS3([], script: killer.script)
    }

    var athena: FakeAthena {
        FakeAthena(
            result: FakeResult(rowCount: 0), s3: s3, isSigned: isSigned, script: killer.script,
            evaluate: { [tonight] _ in tonight.withLock { $0 } })
    }

    private var table: String { "\(directory)/events" }

    mutating func spend(_ night: Int, at url: String) async throws {
        let comment: Comment = "seed \(seed), night \(night)"
        repeat { model.spendDay() } while night == 1 && model.isEmpty
        let result = model.result()
        serve(result, night)
        let isOfChanges = night == 1 || model.random(0..<5) > 0
        let expected = model.export(result, changesOnly: isOfChanges)
        if model.random(0..<5) == 0 { removeIndex() }
        try await run(night, isOfChanges: isOfChanges, at: url, comment)
        try checkFiles(expected, comment)
        try await checkTable(comment)
    }

    private func serve(_ result: ModelTable.Result, _ night: Int) {
        let rows = result.values
        var served = FakeResult(columns: result.columns.map { ($0, "varchar") }, rowCount: rows.count) { rows[$0] }
        served.states = ["SUCCEEDED"]
        served.pageRows = 7
        if source == "s3" {
            let location = "s3://results/exports/\(night).csv"
            s3.put(served.csv, at: location)
            served.outputLocation = location
        }
        tonight.withLock { [served] in $0 = served }
    }

    private func removeIndex() { try? FileManager.default.removeItem(atPath: "\(table)/.index") }

    /// Runs the night's command to its end: perhaps it is killed first, and perhaps its index is lost by then.
    private mutating func run(_ night: Int, isOfChanges: Bool, at url: String, _ comment: Comment) async throws {
        let arguments =
            [
                "--endpoint-url", url, "--output", directory, "--table", "events", "--format", format, "--source",
                source,
                "--batch-rows", "\(6 + seed % 20)", "--run-id", "night-\(night)",
            ]
            + model.key.flatMap { ["--key", $0] }
            + (isOfChanges ? ["--changes-only", "--max-deletes", "100"] : [])
            + (model.hasComingColumns ? ["--on-schema-change", "append_new_columns"] : [])
        let process = RunningProcess()
        var environment: [String: String]?
        switch model.random(0..<4) {
        case 0: killer.kill(process, in: 1 + model.random(0..<6))
        case 1:
            let fault = FileFault(action: .kill, point: 1 + model.random(0..<100))
            environment = FaultShim.environment(fault, root: directory)
        default: break
        }
        var outcome = try await Executable.run(
            arguments, environment: environment ?? Executable.environment(), onStart: process.started)
        killer.spare()
        if outcome.status == nil {
            if model.random(0..<3) == 0 { removeIndex() }
            outcome = try await Executable.run(arguments)
        }
        try #require(outcome.status == 0, "\(comment): \(outcome.errors)")
    }

    /// The run has written what has changed, and no file of an earlier one is another.
    private mutating func checkFiles(_ expected: ModelTable.Night, _ comment: Comment) throws {
        let manifest = try ExportedTable(table).manifest
        let run = try #require(try manifest.member("runs").elements().last)
        let taken = try run.member("rows").integer() + run.member("duplicate_rows").integer()
        #expect(taken == expected.taken.count, comment)
        #expect(try run.member("rejected_rows").integer() == expected.rejectedRows, comment)
        let id = try run.member("run_id").string()
        let deletes = try manifest.optionalMember("deletes")?.elements() ?? []
        let deleted = try deletes.filter { try $0.member("run_id").string() == id }
            .reduce(0) { $0 + (try $1.member("rows").integer()) }
        #expect(deleted == expected.gone.count, comment)
        let files = TestMachine.files(below: table).filter { $0.key.hasPrefix("data/") || $0.key.hasPrefix("deleted/") }
        #expect(files.filter { published.keys.contains($0.key) } == published, comment)
        published = files
    }

    /// `merge` and all databases have the rows of the model.
    private mutating func checkTable(_ comment: Comment) async throws {
        let expected = Set(model.held.values)
        let merged = try await Executable.run(["merge", table, "--format", "ndjson"])
        try #require(merged.status == 0, "\(comment): \(merged.errors)")
        let lines = merged.output.split(separator: "\n")
        let rows = try lines.map { line in
            let object = JSONField(try JSONValue(parsing: Array(line.utf8)))
            return try row { try object.optionalMember($0)?.string() }
        }
        #expect(Set(rows) == expected && rows.count == expected.count, "merge, \(comment)")
        // Now and then with all batches, of which a database passes over those that it has.
        let arguments = [table] + (model.random(0..<5) == 0 ? [] : ["--after", "\(loaded)"])
        for target in targets {
            // In this process, since the start of another one takes most of the time.
            let script = try LoaderCommand.parse([target.kind] + arguments).product()
            let rows = try await self.rows(of: target, after: script)
            #expect(Set(rows) == expected && rows.count == expected.count, "\(target.kind), \(comment)")
        }
        loaded = try ExportedTable(table).lastBatch
    }

    private func row(_ value: (String) throws -> String?) rethrows -> ModelTable.Row {
        var row: ModelTable.Row = [:]
        for column in model.heldColumns { row[column] = try value(column) }
        return row
    }

    private func rows(of target: any LoaderTarget, after script: String) async throws -> [ModelTable.Row] {
        let columns = model.heldColumns.sorted()
        let lines = try await target.lines(
            of: "SELECT \(target.jsonArray(columns.map { target.quoted($0) })) FROM events", after: script)
        return try lines.map { line in
            let values = try JSONField(try JSONValue(parsing: Array(line.utf8))).elements()
            return try row { column in
                guard let place = columns.firstIndex(of: column), values[place].value != .null else { return nil }
                return try values[place].string()
            }
        }
    }
}

@Suite(
    .limitedConcurrency,
    .enabled(if: LoaderDatabase.areInstalled, "needs PostgreSQL 15, DuckDB and SQLite: run Tests/setup"),
    .enabled(if: FaultShim.path != nil, FaultShim.needs),
    LoaderSuiteTrait())
struct `Loading a table over thirty nights` {
    /// In night 16 of seed 934, a run without rows is killed between its deletes and its end.
    @Test(arguments: Set(ModelTable.seeds).union([934]).sorted())
    func `after each night, merge and each database have the table of that night`(_ seed: UInt64) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var nights = try await LoadedNights(seed: seed, in: directory)
            try await nights.athena.serve { url in
                for night in 1...30 { try await nights.spend(night, at: url) }
            }
        }
    }
}
