import BatchExport
import JSON
import SystemPackage
import Text

/// The tables in an output directory, a line each.
struct OutputStatus {
    private(set) var tables: [DirectoryStatus] = []
    /// Tables that could not be read.
    private(set) var failures: [TableFailure] = []
    private let price: ScanPrice?

    /// - Parameter paths: the tables' directories.
    init(reading paths: [FilePath], price: ScanPrice?) {
        self.price = price
        for path in paths {
            do {
                if let status = try DirectoryStatus(reading: path, price: price) { tables.append(status) }
            } catch {
                failures.append(TableFailure(table: path.lastComponent?.string ?? "", error: error))
            }
        }
    }

    /// The cost of all tables that could be read.
    private var cost: Double? { price.map { _ in tables.reduce(0) { $0 + ($1.cost ?? 0) } } }

    func text() -> String {
        var lines = tables.map(\.line)
        if let cost { lines.append("all tables: cost \(DirectoryStatus.amount(cost))") }
        return lines.map { $0.shown(limit: 2000) + "\n" }.joined()
    }

    var json: JSONValue {
        let failed = failures.map { failure -> JSONValue in
            ["table": .string(failure.table), "directory": .string(failure.table), "error": failure.json]
        }
        var object: JSONObject = ["tables": .array(tables.map(\.json) + failed)]
        if let cost { object["cost"] = .decimal(cost, digits: 6) }
        return .object(object)
    }
}

extension TableFailure {
    /// The same members as in the summary of a run.
    var json: JSONValue { ["kind": .string(status.kind), "message": .string("\(error)")] }
}

extension DirectoryStatus {
    fileprivate var line: String {
        let name = directoryName == table ? table : "\(directoryName) (table \(table))"
        var parts = ["\(name): \(manifest.map { Self.files(of: $0) } ?? "no files yet")"]
        if let newest { parts.append(newest) }
        if let cost { parts.append("cost \(Self.amount(cost))") }
        return (parts + notes).joined(separator: "; ")
    }

    /// The result of the newest run.
    private var newest: String? {
        if let unfinished {
            let failure = unfinished.failure.map { ", ended with: \($0)" } ?? ""
            return "\(activity.rawValue): run \(unfinished.runID), \(Self.work(of: unfinished)) done\(failure)"
        }
        if let failed { return "failed: run \(failed.runID): \(failed.failure ?? "the reason was not kept")" }
        return runs.last.map { run in
            let deleted = manifest?.deletedRows(of: run) ?? 0
            return "run \(run.runID): \(status(of: run)), \(RunSummary.count(run.rows, "row"))"
                + (deleted > 0 ? ", \(RunSummary.count(deleted, "key")) deleted" : "")
        }
    }
}
