import AWS
import BatchExport
import JSON
import Text

/// The steps of one table, and its columns if they are known.
struct TableCheckResult: Sendable {
    let table: String
    private(set) var results: [CheckResult]
    let columns: [Column]
    let primaryKey: [String]
    let cursorColumn: String?

    /// The same result in a check of several tables, where an option of one table needs `--only`.
    var amongSeveral: TableCheckResult {
        var copy = self
        copy.results = results.map { CheckResult(step: $0.step, verdict: $0.verdict.amongSeveral) }
        return copy
    }

    /// That of the first step that has failed.
    var exitStatus: ExitStatus { results.map(\.exitStatus).first { $0 != .success } ?? .success }
}

/// What `check` prints.
struct CheckReport {
    let tables: [TableCheckResult]
    /// Whether the configuration is for several tables.
    let isOfSeveral: Bool

    /// Nothing could be tried.
    static func failed(_ error: any Error) -> CheckReport {
        let skipped: [CheckStepName] = [.output, .credentials, .workGroup, .statement, .key, .resultObject]
        let results =
            [CheckResult(step: .configuration, verdict: CheckVerdict(error))]
            + skipped.map { CheckResult(step: $0, verdict: .skipped("it needs configuration")) }
        return CheckReport(
            tables: [TableCheckResult(table: "", results: results, columns: [], primaryKey: [], cursorColumn: nil)],
            isOfSeveral: false)
    }

    /// As a run of the tables would end.
    var exitStatus: ExitStatus { JobReport.status(tables.map(\.exitStatus), signal: nil) }

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: json.terminalText(pretty: true)
        case .text: tables.map(text(of:)).joined(separator: "\n")
        }
    }

    // MARK: - For a person

    private func text(of table: TableCheckResult) -> String {
        var lines = isOfSeveral ? ["table \(table.table)"] : []
        lines += table.results.map(\.line)
        if !table.columns.isEmpty { lines += [""] + ColumnTable(table).lines }
        return lines.map { $0.shown(limit: 2000) + "\n" }.joined()
    }

    // MARK: - For a program

    private var json: JSONValue {
        let results = tables.flatMap { table in table.results.map { (table.table, $0) } }
        let isFailed = results.contains { if case .failed = $0.1.verdict { true } else { false } }
        let isDoubtful = results.contains { if case .warning = $0.1.verdict { true } else { false } }
        return [
            "status": .string(isFailed ? "failed" : isDoubtful ? "warning" : "ok"),
            "steps": .array(results.map { json(of: $0.1, $0.0) }),
            "columns": .array(tables.flatMap { table in table.columns.map { json(of: $0, table) } }),
        ]
    }

    private func json(of result: CheckResult, _ table: String) -> JSONValue {
        let parts = result.verdict.parts
        var object: JSONObject = isOfSeveral ? ["table": .string(table)] : [:]
        object["step"] = .string(result.step.rawValue)
        object["status"] = .string(parts.status)
        object["message"] = .string(parts.message.shown(limit: 2000))
        object["advice"] = parts.advice.isEmpty ? .null : .string(parts.advice.shown(limit: 2000))
        return .object(object)
    }

    private func json(of column: Column, _ table: TableCheckResult) -> JSONValue {
        var object: JSONObject = isOfSeveral ? ["table": .string(table.table)] : [:]
        object["name"] = .string(column.name)
        object["athena_type"] = .string(column.typeDescription)
        object["type"] = .string(column.type.rawValue)
        object["key"] = .bool(table.primaryKey.contains(column.name))
        object["cursor"] = .bool(table.cursorColumn == column.name)
        return .object(object)
    }
}

extension CheckVerdict {
    fileprivate var parts: (status: String, message: String, advice: String) {
        switch self {
        case .ok(let message): ("ok", message, "")
        case .warning(let message, let advice): ("warning", message, advice)
        case .failed(let message, let advice, _): ("failed", message, advice)
        case .skipped(let message): ("skipped", message, "")
        }
    }
}

extension CheckResult {
    fileprivate var line: String {
        let parts = verdict.parts
        let status = parts.status + String(repeating: " ", count: 8 - parts.status.count)
        return "\(status)\(step.rawValue): \(parts.message)" + (parts.advice.isEmpty ? "" : "; \(parts.advice)")
    }
}

/// The columns as lines of a table.
private struct ColumnTable {
    let lines: [String]

    init(_ table: TableCheckResult) {
        let rows =
            [["column", "Athena's type", "type", "key", "cursor"]]
            + table.columns.map { column in
                [
                    column.name, column.typeDescription, column.type.rawValue,
                    table.primaryKey.firstIndex(of: column.name).map { "\($0 + 1)" } ?? "",
                    table.cursorColumn == column.name ? "yes" : "",
                ].map { $0.shown(limit: 60) }
            }
        let widths = (0..<5).map { index in rows.map { $0[index].count }.max() ?? 0 }
        lines = rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex)])
        }
    }
}
