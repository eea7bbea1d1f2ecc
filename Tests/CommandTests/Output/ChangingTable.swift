import Foundation
import JSON
import TestSupport
import Threading

/// A table that changes between runs, and an Athena that evaluates a query of it.
final class ChangingTable: Sendable {
    struct Row: Equatable {
        var name: String
        var updatedAt: String
    }

    /// A statement with a cursor. Two of its three `{cursor}` are no placeholders, and so is one of its three `?`.
    static let incremental = """
        SELECT customer_id, name, updated_at -- {cursor}?
        FROM t WHERE name <> ? AND updated_at > {cursor} AND '{cursor}?' <> ?
        """
    static let parameters = ["'x?'", "'{cursor}'"]
    static let full = "SELECT customer_id, name, updated_at FROM t"

    private let rows = Locked<[String: Row]>([:])
    private let fails = Locked(false)
    private let asked = Locked<[String]>([])

    /// The rows as they are now.
    var current: [String: Row] { rows.withLock { $0 } }
    /// The cursors of the queries with one, as they were sent.
    var cursors: [String] { asked.withLock { $0 } }

    /// Adds five rows and changes about a third of the others, each at a time of its own, not in the order of keys.
    func change(night: Int) {
        var random = SplitMix(seed: UInt64(night))
        rows.withLock { rows in
            let changed = rows.keys.sorted().filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
            let added = (0..<5).map { "c\(night)-\($0)" }
            for (minute, key) in (changed + added).shuffled(using: &random).enumerated() {
                rows[key] = Row(
                    name: "Name, \(night)-\(key)",
                    updatedAt: "2026-01-\(Self.padded(night)) 02:\(Self.padded(minute % 60)):00.\(100 + minute / 60)")
            }
        }
    }

    func remove(where isRemoved: @Sendable (String) -> Bool) {
        rows.withLock { $0 = $0.filter { !isRemoved($0.key) } }
    }

    /// Makes the next queries end FAILED, or succeed again.
    func setFails(_ fails: Bool) { self.fails.withLock { $0 = fails } }

    /// The result of a request to start a query; a wrong request gets a query that fails.
    func result(of request: JSONField) throws -> FakeResult {
        let statement = try request.member("QueryString").string()
        let parameters = try request.optionalMember("ExecutionParameters")?.strings() ?? []
        var selected: [String: Row]?
        if statement == Self.full, parameters.isEmpty { selected = current }
        if statement == Self.incremental.replacingOccurrences(of: "> {cursor}", with: "> ?"), parameters.count == 3,
            [parameters[0], parameters[2]] == Self.parameters,
            let literal = try #/(?:DATE|TIMESTAMP) '([0-9 .:-]+)'/#.wholeMatch(in: parameters[1])
        {
            asked.withLock { $0.append(String(literal.1)) }
            selected = current.filter { $0.value.updatedAt > literal.1 }
        }
        // In no order of keys or times, as from a real engine, but always in the same one.
        let sorted = (selected ?? [:]).sorted { String($0.key.reversed()) < String($1.key.reversed()) }
        var result = FakeResult(
            columns: [("customer_id", "varchar"), ("name", "varchar"), ("updated_at", "timestamp")],
            rowCount: sorted.count
        ) { number in
            [sorted[number].key, sorted[number].value.name, sorted[number].value.updatedAt]
        }
        result.query = statement
        result.pageRows = 7
        result.states = selected == nil || fails.withLock { $0 } ? ["FAILED"] : ["SUCCEEDED"]
        result.stateChangeReason = selected == nil ? "\(statement) \(parameters)" : "by order"
        return result
    }

    /// The rows as `merge` writes them.
    static func csv(_ rows: [String: Row]) -> String {
        let lines = rows.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\($0.key),\"\($0.value.name)\",\($0.value.updatedAt)\n" }
        return "customer_id,name,updated_at\n" + lines.joined()
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// An Athena that has this table.
    func athena(script: @escaping FaultScript = { _ in nil }) -> FakeAthena {
        FakeAthena(result: FakeResult(rowCount: 0), isSigned: isSigned, script: script, evaluate: result)
    }
}

/// The scheduled command over a ``ChangingTable``.
struct NightlyJob: Sendable {
    let url: String
    let output: String

    var table: String { "\(output)/customers" }

    static let incremental =
        ["--query", ChangingTable.incremental, "--cursor-column", "updated_at", "--cursor-start", "2026-01-01"]
        + ChangingTable.parameters.flatMap { ["--parameter", $0] }
    static let full = ["--query", ChangingTable.full]

    func run(
        _ arguments: [String], night: Int, fault: FileFault? = nil, log: String? = nil,
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Executable.Outcome {
        let environment =
            fault == nil && log == nil ? Executable.environment() : FaultShim.environment(fault, root: output, log: log)
        return try await Executable.run(
            [
                "--endpoint-url", url, "--output", output, "--table", "customers", "--key", "customer_id",
                "--batch-rows", "6", "--run-id", "night-\(night)",
            ] + arguments,
            environment: environment, onStart: onStart)
    }

    func merged() async throws -> String {
        let outcome = try await Executable.run(["merge", table])
        return outcome.status == 0 ? outcome.output : outcome.errors
    }

    /// The cursor for the next run.
    func cursor() throws -> String? {
        try ExportedTable(table).state.member("cursor").optionalMember("committed")?.member("value").string()
    }

    /// The same job in another directory.
    func copied(to output: String) throws -> NightlyJob {
        try FileManager.default.copyItem(atPath: self.output, toPath: output)
        return NightlyJob(url: url, output: output)
    }

    var files: [String: Data] {
        TestMachine.files(below: table).filter { $0.key.hasPrefix("data/") || $0.key.hasPrefix("rejected/") }
    }

    func manifest() throws -> String { try ExportedTable.comparable("\(table)/manifest.json") }
}
