import AWS
import BatchExport
import Files
import JSON
import SystemPackage

/// Manifest and state of a directory, put in words.
struct DirectoryStatus {
    let directory: ExportDirectory
    let manifest: Manifest?
    let state: ExportState?
    let price: ScanPrice?

    /// - Parameter path: as it was typed.
    init(reading path: FilePath, price: ScanPrice?) throws {
        directory = try TableDirectory.find(path, purpose: "status")
        (manifest, state) = try ExportJournal.read(directory)
        guard manifest != nil || state != nil else {
            throw ConfigurationError.unreadable(
                .missing(directory.manifest), purpose: "status (give the table's directory, such as export/customers)")
        }
        self.price = price
    }

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: json.terminalText(pretty: true)
        case .text: lines.map { $0.shown(limit: 2000) + "\n" }.joined()
        }
    }

    enum NextRun: String {
        case resume, start
    }

    var nextRun: NextRun { unfinished == nil ? .start : .resume }

    /// The run that the next one goes on with.
    var unfinished: ExportState? { state.flatMap { $0.isUnfinished ? $0 : nil } }

    var runs: [Manifest.Run] { manifest?.runs ?? [] }

    /// What a hostile manifest says may be more than a number holds.
    var scannedBytes: Int {
        runs.reduce(0) {
            let (sum, overflow) = $0.addingReportingOverflow($1.dataScannedBytes ?? 0)
            return overflow ? .max : sum
        }
    }

    /// With those of its batches that are still listed.
    var runsWithBatches: some Sequence<(Manifest.Run, [Manifest.Batch])> { zip(runs, manifest?.batchesByRun ?? []) }
}

// MARK: - For a person

extension DirectoryStatus {
    private var lines: [String] {
        var lines = ["table: \(directory.table)"]
        if let manifest {
            lines.append(
                "files: \(RunSummary.count(manifest.batches.count, "batch", "batches")) of "
                    + "\(manifest.fileFormat.rawValue), \(RunSummary.count(manifest.rows, "row")), "
                    + "\(RunSummary.size(manifest.bytes)) (\(RunSummary.size(manifest.uncompressedBytes)) uncompressed)"
            )
            lines.append("key: \(manifest.primaryKey.joined(separator: ", "))")
            lines += runsWithBatches.map(line(of:_:))
            lines.append(
                "all runs: \(RunSummary.size(scannedBytes)) scanned"
                    + (price.map { ", cost \(Self.amount($0.cost(of: runs)))" } ?? ""))
        } else {
            lines.append("files: none yet")
        }
        if let cursor = state?.cursor {
            lines.append("cursor: \(cursor.column), next \(cursor.committed?.text ?? "as --cursor-start says")")
        }
        return lines + nextLines
    }

    private func line(of run: Manifest.Run, _ batches: [Manifest.Batch]) -> String {
        var parts = [
            run.status.rawValue, RunSummary.count(run.rows, "row"),
            "\(RunSummary.count(batches.count, "batch", "batches")) "
                + "(\(RunSummary.size(batches.reduce(0) { $0 + $1.bytes })))",
        ]
        if let bytes = run.dataScannedBytes { parts.append("\(RunSummary.size(bytes)) scanned") }
        if let price { parts.append(price.cost(of: run).map { "cost \(Self.amount($0))" } ?? "cost unknown") }
        if let cursor = run.cursor { parts.append("\(cursor.column) from \(cursor.from) to \(cursor.to)") }
        return "run \(run.runID): \(parts.joined(separator: ", "))"
    }

    private var nextLines: [String] {
        guard let state = unfinished else { return ["next run: starts a new query"] }
        let checkpoint = state.checkpoint
        let query = state.query.map { "query \($0.queryExecutionID)" } ?? "a query that may not have been sent yet"
        var lines = [
            "unfinished: run \(state.runID), \(query), \(RunSummary.count(checkpoint.rowsExported, "row")) done",
            "next run: goes on with batch \(checkpoint.nextBatch) of that query (--restart gives it up)",
        ]
        if let cursor = state.cursor, let from = cursor.from, let end = state.cursorEnd {
            lines.insert("  its cursor: \(cursor.column) from \(from.text), so far to \(end.text)", at: 1)
        }
        return lines
    }

    /// Four decimals: the least that a query costs is a fraction of a cent.
    static func amount(_ cost: Double) -> String {
        if case .number(let digits) = JSONValue.decimal(cost, digits: 4) { digits } else { "beyond counting" }
    }
}
