import BatchExport
import JSON
import Text

/// The result of verifying one table, or several, in words.
struct VerificationReport {
    fileprivate enum Finding {
        case outcome(Verification.Outcome)
        /// There is no manifest, so there is nothing to compare.
        case nothing
        case failure(TableFailure)
    }

    /// Under the table's name if there are several.
    private var tables: [(name: String?, finding: Finding)] = []

    /// The report of several tables, which is empty at first.
    init() {}

    /// The report of one table.
    init(_ outcome: Verification.Outcome) {
        tables = [(nil, .outcome(outcome))]
    }

    /// - Parameter outcome: nil for a table that has no manifest yet.
    mutating func add(_ outcome: Verification.Outcome?, of table: String) {
        tables.append((table, outcome.map { .outcome($0) } ?? .nothing))
    }

    mutating func add(_ failure: TableFailure) { tables.append((failure.table, .failure(failure))) }

    var failures: [TableFailure] {
        tables.compactMap { if case .failure(let failure) = $0.finding { failure } else { nil } }
    }

    /// The status of the first table that could not be read; else whether there is a difference.
    var status: ExitStatus {
        failures.first?.status ?? (tables.allSatisfy { $0.finding.isClean } ? .success : .untrustedData)
    }

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: json.terminalText(pretty: true)
        case .text: tables.flatMap { $0.finding.lines($0.name) }.map { $0.shown(limit: 2000) + "\n" }.joined()
        }
    }

    private var json: JSONValue {
        if tables.count == 1, tables[0].name == nil { return .object(tables[0].finding.json) }
        let objects = tables.map { name, finding -> JSONValue in
            var object: JSONObject = ["table": .string(name ?? "")]
            for (key, value) in finding.json.members { object[key] = value }
            return .object(object)
        }
        let status = failures.isEmpty ? (self.status == .success ? "verified" : "different") : "failed"
        return ["status": .string(status), "tables": .array(objects)]
    }
}

extension VerificationReport.Finding {
    fileprivate var isClean: Bool {
        switch self {
        case .outcome(let outcome): outcome.differences.isEmpty
        case .nothing: true
        case .failure: false
        }
    }

    /// - Parameter table: begins each line if there are several.
    fileprivate func lines(_ table: String?) -> [String] {
        let prefix = table.map { "\($0): " } ?? ""
        switch self {
        case .outcome(let outcome):
            let differences = outcome.differences.map(\.description)
            return (differences + outcome.notes.map { "note: \($0)" } + [Self.verdict(outcome)]).map { prefix + $0 }
        case .nothing: return ["\(prefix)nothing to verify: there is no manifest.json yet"]
        // Already written to standard error.
        case .failure: return []
        }
    }

    private static func verdict(_ outcome: Verification.Outcome) -> String {
        var listed = "\(RunSummary.count(outcome.files, "file")), \(RunSummary.count(outcome.rows, "row"))"
        if outcome.deletes > 0 { listed += ", \(RunSummary.count(outcome.deletes, "deleted key"))" }
        return outcome.differences.isEmpty
            ? "OK: \(listed) match the manifest"
            : "\(RunSummary.count(outcome.differences.count, "difference")) to the manifest, which lists \(listed), "
                + RunSummary.size(outcome.bytes)
    }

    fileprivate var json: JSONObject {
        switch self {
        case .outcome(let outcome):
            return [
                "status": outcome.differences.isEmpty ? "verified" : "different", "files": .integer(outcome.files),
                "rows": .integer(outcome.rows), "deleted_rows": .integer(outcome.deletes),
                "bytes": .integer(outcome.bytes),
                "differences": .array(
                    outcome.differences.map {
                        ["path": .string($0.path), "check": .string($0.check.rawValue), "detail": .string($0.detail)]
                    }),
                "notes": .array(outcome.notes.map { .string($0) }),
            ]
        case .nothing: return ["status": "empty"]
        case .failure(let failure): return ["status": "failed", "error": failure.json]
        }
    }
}
