import Foundation
import JSON
import TestSupport

/// A real database that runs scripts.
protocol LoaderTarget: Sendable {
    /// The kind for `loader`.
    var kind: String { get }

    /// Runs a script as users do, with further variables in the environment.
    func run(_ script: String, environment: [String: String]) async throws -> Executable.Outcome

    /// The lines that a statement prints.
    func query(_ sql: String) async throws -> [String]

    /// The lines that a statement prints after a script, which must succeed without a word on standard error.
    func lines(of sql: String, after script: String) async throws -> [String]

    /// An expression for one JSON array a row.
    func jsonArray(_ expressions: [String]) -> String

    /// A column as text, in a form that depends on the value alone.
    func text(of column: GoldenTable.Column, _ name: String) -> String

    /// The expected text for a value of Athena.
    func expectation(of column: GoldenTable.Column, _ value: String) -> String
}

extension LoaderTarget {
    func run(_ script: String) async throws -> Executable.Outcome { try await run(script, environment: [:]) }

    func lines(of sql: String, after script: String) async throws -> [String] {
        let outcome = try await run(script)
        guard outcome.status == 0, outcome.errors.isEmpty else { throw LoaderFailure(outcome) }
        return try await query(sql)
    }

    /// The golden table's rows by their keys; a key that stands twice is an error.
    func rows(of table: String = "golden") async throws -> [[String?]: [String?]] {
        let columns = GoldenTable.columns.map { text(of: $0, quoted($0.name)) }
        var rows: [[String?]: [String?]] = [:]
        for line in try await query("SELECT \(jsonArray(columns)) FROM \(quoted(table))") {
            let row = try JSONField(try JSONValue(parsing: Array(line.utf8))).elements()
                .map { $0.value == .null ? nil : try $0.string() }
            let shown = zip(GoldenTable.columns, row).map { column, value in value.map { normal(column, $0) } }
            guard rows.updateValue(shown, forKey: Array(shown[..<2])) == nil else {
                throw CocoaError(.coderInvalidValue)
            }
        }
        return rows
    }

    /// Rows as this database shows them.
    func shown(_ rows: [[String?]: [String?]]) -> [[String?]: [String?]] {
        rows.mapValues { row in
            zip(GoldenTable.columns, row).map { column, value in
                value.map { normal(column, expectation(of: column, $0)) }
            }
        }
    }

    func quoted(_ name: String) -> String { "\"\(name.replacingOccurrences(of: "\"", with: "\"\""))\"" }

    /// A number in one form, since databases print one number in many ways.
    private func normal(_ column: GoldenTable.Column, _ text: String) -> String {
        switch column.kind {
        case .float: Float(text).map { "\($0)" } ?? text
        case .double: Double(text).map { "\($0)" } ?? text
        default: text
        }
    }

    /// Athena's text in UTC and without its zone.
    func instant(_ value: String) -> String {
        switch value {
        case "2024-01-02 03:04:05.678 America/New_York": "2024-01-02 08:04:05.678"
        case "2024-07-02 03:04:05.000 UTC": "2024-07-02 03:04:05.000"
        case "2024-01-02 03:04:05.678 +05:30": "2024-01-01 21:34:05.678"
        default: value
        }
    }

    func hexadecimal(_ value: String) -> String { value.filter { $0 != " " } }
}

struct DuckDBTarget: LoaderTarget {
    let kind = "duckdb"
    let database: String

    static let program = TestMachine.python.map {
        URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("duckdb").path
    }.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }

    func run(_ script: String, environment: [String: String]) async throws -> Executable.Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(directory)/load.sql"))
            return try await Executable.run(
                Self.program ?? "duckdb", ["-init", "/dev/null", "-f", "\(directory)/load.sql", database],
                environment: Executable.environment(environment))
        }
    }

    /// Through a pipe and without `-bail`: DuckDB's command line then continues after an error.
    func pipe(_ script: String) async throws -> Executable.Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(directory)/load.sql"))
            return try await Executable.run(
                "/bin/sh",
                [
                    "-c", #"exec "$0" -init /dev/null "$1" <"$2""#, Self.program ?? "duckdb", database,
                    "\(directory)/load.sql",
                ], environment: Executable.environment())
        }
    }

    func query(_ sql: String) async throws -> [String] {
        let outcome = try await Executable.run(
            Self.program ?? "duckdb", ["-init", "/dev/null", "-noheader", "-list", database, sql],
            environment: Executable.environment())
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// In one process: the start of DuckDB takes most of the time.
    func lines(of sql: String, after script: String) async throws -> [String] {
        let outcome = try await run(script + "\n.mode list\n.headers off\n.print lines\n\(sql);\n")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        guard outcome.status == 0, outcome.errors.isEmpty, let start = lines.lastIndex(of: "lines") else {
            throw LoaderFailure(outcome)
        }
        return Array(lines[(start + 1)...])
    }

    func jsonArray(_ expressions: [String]) -> String { "to_json([\(expressions.joined(separator: ", "))])" }

    func text(of column: GoldenTable.Column, _ name: String) -> String {
        switch column.kind {
        case .timestamp: "strftime(\(name), '%Y-%m-%d %H:%M:%S.%g')"
        case .zoned: "strftime(\(name) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%g')"
        case .binary: "lower(hex(\(name)))"
        default: "CAST(\(name) AS VARCHAR)"
        }
    }

    func expectation(of column: GoldenTable.Column, _ value: String) -> String {
        switch column.kind {
        case .zoned: instant(value)
        case .binary: hexadecimal(value)
        default: value
        }
    }
}

struct SQLiteTarget: LoaderTarget {
    let kind = "sqlite"
    let database: String

    static let isInstalled = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3"].contains {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    func run(_ script: String, environment: [String: String]) async throws -> Executable.Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(directory)/load.sh"))
            return try await Executable.run(
                "/bin/sh", ["\(directory)/load.sh", database], environment: Executable.environment(environment))
        }
    }

    func query(_ sql: String) async throws -> [String] {
        let outcome = try await Executable.run(
            "/usr/bin/env", ["sqlite3", "-batch", "-init", "/dev/null", database, sql],
            environment: Executable.environment())
        guard outcome.status == 0 else { throw LoaderFailure(outcome) }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    func jsonArray(_ expressions: [String]) -> String { "json_array(\(expressions.joined(separator: ", ")))" }

    func text(of column: GoldenTable.Column, _ name: String) -> String {
        switch column.kind {
        case .boolean: "CASE \(name) WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'neither ' || \(name) END"
        case .integer: "CASE typeof(\(name)) WHEN 'integer' THEN CAST(\(name) AS TEXT) WHEN 'text' THEN 'a text' END"
        case .float, .double:
            "CASE typeof(\(name)) WHEN 'real' THEN printf('%!.17g', \(name)) ELSE \(name) END"
        default: name
        }
    }

    /// SQLite keeps a zero without its sign.
    func expectation(of column: GoldenTable.Column, _ value: String) -> String { value == "-0.0" ? "0.0" : value }
}
