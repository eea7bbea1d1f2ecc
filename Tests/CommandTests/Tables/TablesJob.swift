import Foundation
import JSON
import Testing
import TestSupport

/// A configuration with several tables, and an Athena that has the rows of each.
struct TablesJob: Sendable {
    let directory: String
    /// What becomes of each table's query, in the order of the file.
    let tables: [(name: String, result: FakeResult)]

    init(_ directory: String, _ tables: [(name: String, result: FakeResult)]) throws {
        self.directory = directory
        self.tables = tables
        let configuration: JSONValue = [
            "output": "export", "primary_key": ["customer_id"], "batch_rows": .integer(40),
            "tables": .array(
                tables.map { ["table": .string($0.name), "query": .string("SELECT * FROM \($0.name)")] }),
        ]
        try Data(configuration.serialized(pretty: true)).write(to: URL(fileURLWithPath: path))
    }

    var path: String { "\(directory)/tables.json" }
    func table(_ name: String) -> String { "\(directory)/export/\(name)" }

    /// - Parameter script: what to do instead of answering.
    func athena(script: @escaping FaultScript = { _ in nil }) -> FakeAthena {
        FakeAthena(result: .customers(1), isSigned: isSigned, script: script) { [tables] request in
            let query = try request.member("QueryString").string()
            return try #require(tables.first { query.hasSuffix(" \($0.name)") }).result
        }
    }

    /// Runs the command once.
    func run(
        _ url: String, _ options: [String] = [], environment: [String: String] = [:],
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Executable.Outcome {
        try await Executable.run(
            ["--config", path, "--endpoint-url", url] + options, environment: Executable.environment(environment),
            onStart: onStart)
    }

    /// Everything that a loader may read of all tables, by name.
    var files: [String: Data] {
        TestMachine.files(below: "\(directory)/export").filter { $0.key.contains("/data/") }
    }
}

extension FakeResult {
    /// Customers that no other table has, whose query is finished at the first look.
    static func customers(_ count: Int, from first: Int) -> FakeResult {
        var result = FakeResult.customers(count)
        result.row = { FakeResult.customer(first + $0) }
        return result
    }

    /// A query that ends FAILED by the user's fault.
    static var failing: FakeResult {
        var result = FakeResult.customers(1)
        result.states = ["FAILED"]
        result.stateChangeReason = "TABLE_NOT_FOUND"
        result.athenaError = ["ErrorCategory": .integer(2)]
        return result
    }

    /// A query that never ends.
    static var running: FakeResult {
        var result = FakeResult.customers(1)
        result.states = ["RUNNING"]
        return result
    }
}
