import BatchExport
import JSON
import Text

/// The status as text.
extension DirectoryStatus {
    /// How many runs are shown unless all are requested.
    static let shownRuns = 10

    func text(showsAllRuns: Bool) -> String { lines(showsAllRuns).map { $0.shown(limit: 2000) + "\n" }.joined() }

    private func lines(_ showsAllRuns: Bool) -> [String] {
        var lines = ["table: \(table)"]
        if let manifest {
            lines.append("files: \(Self.files(of: manifest))")
            lines.append(
                manifest.writeMode == .append
                    ? "key: none, rows are appended" : "key: \(manifest.primaryKey.joined(separator: ", "))")
            lines += runLines(showsAllRuns)
            lines.append("all runs: \(RunSummary.size(scannedBytes)) scanned\(cost.map(Self.costs) ?? "")")
        } else {
            lines.append("files: none yet")
        }
        if let cursor = state?.cursor {
            lines.append("cursor: \(cursor.column), next \(cursor.committed?.text ?? "from --cursor-start")")
        }
        return lines + newestRunLines + notes.map { "note: \($0)" }
    }

    static func files(of manifest: Manifest) -> String {
        "\(RunSummary.count(manifest.batches.count, "batch", "batches")) of "
            + "\(manifest.fileFormat.rawValue), \(RunSummary.count(manifest.rows, "row")), "
            + "\(RunSummary.size(manifest.bytes)) (\(RunSummary.size(manifest.uncompressedBytes)) uncompressed)"
            + (manifest.deletes.isEmpty
                ? ""
                : "; \(RunSummary.count(manifest.deletedRows, "key")) deleted in "
                    + RunSummary.count(manifest.deletes.count, "file"))
    }

    private func runLines(_ showsAllRuns: Bool) -> [String] {
        let runs = runsWithBatches
        let shown = showsAllRuns ? runs[...] : runs.suffix(Self.shownRuns)
        var lines: [String] = []
        if shown.count < runs.count {
            lines.append("\(RunSummary.count(runs.count - shown.count, "earlier run")) not shown; --all shows them")
        }
        for (run, batches) in shown {
            lines.append(line(of: run, batches))
            if let note = run.sourceNote { lines.append("  source \(run.source): \(note)") }
        }
        return lines
    }

    private func line(of run: Manifest.Run, _ batches: [Manifest.Batch]) -> String {
        var parts = [status(of: run), RunSummary.count(run.rows, "row")]
        if Self.isPruned(run, batches) {
            parts.append("pruned")
        } else {
            let bytes = batches.reduce(0) { $0 + $1.bytes }
            parts.append("\(RunSummary.count(batches.count, "batch", "batches")) (\(RunSummary.size(bytes)))")
        }
        if let unchanged = run.unchangedRows { parts.append("\(RunSummary.grouped(unchanged)) unchanged") }
        if let deleted = manifest?.deletedRows(of: run), deleted > 0 {
            parts.append(RunSummary.count(deleted, "key") + " deleted")
        }
        if let bytes = run.dataScannedBytes { parts.append("\(RunSummary.size(bytes)) scanned") }
        if run.reusedPreviousResult == true { parts.append("result of an earlier query") }
        if let price { parts.append(price.cost(of: run).map { "cost \(Self.amount($0))" } ?? "cost unknown") }
        if let cursor = run.cursor { parts.append("\(cursor.column) from \(cursor.from) to \(cursor.to)") }
        return "run \(run.runID): \(parts.joined(separator: ", "))"
    }

    private var newestRunLines: [String] {
        if let unfinished { return lines(ofUnfinished: unfinished) }
        guard nextRun != nil else { return [] }
        if let pendingUpload {
            return [
                "upload: pending, to \(pendingUpload)",
                "next run: completes the upload without a query, if it has the same options (--restart starts a new query)",
            ]
        }
        return failedLines + ["next run: starts a new query"]
    }

    private var failedLines: [String] {
        guard let failed else { return [] }
        let query = failed.query.map { ", query \($0.queryExecutionID)" } ?? ""
        return ["failed: run \(failed.runID)\(query): \(failed.failure ?? "the reason was not kept")"]
    }

    private func lines(ofUnfinished state: ExportState) -> [String] {
        var lines = ["\(activity.rawValue): run \(state.runID), \(Self.query(of: state)), \(Self.work(of: state)) done"]
        if let cursor = state.cursor, let from = cursor.from, let end = state.cursorEnd {
            lines.append("  its cursor: \(cursor.column) from \(from.text), so far to \(end.text)")
        }
        if let failure = state.failure { lines.append("  ended with: \(failure)") }
        lines.append(nextRunLine(after: state))
        return lines
    }

    /// `20 rows`, `20 rows and 5 deleted keys`
    static func work(of state: ExportState) -> String {
        let deleted = state.checkpoint.deletedRows
        return RunSummary.count(state.checkpoint.rowsExported, "row")
            + (deleted > 0 ? " and \(RunSummary.count(deleted, "deleted key"))" : "")
    }

    private static func query(of state: ExportState) -> String {
        if let stopped = state.stoppedQueryExecutionID { return "query \(stopped), which was stopped in Athena" }
        return state.query.map { "query \($0.queryExecutionID)" } ?? "a query that may not have been sent yet"
    }

    private func nextRunLine(after state: ExportState) -> String {
        let next =
            if state.stoppedQueryExecutionID != nil {
                "sends the query again and pays for it again, unless it was done before the stop"
            } else if state.query == nil {
                "sends that query, unless it was sent already"
            } else {
                "continues with batch \(state.checkpoint.nextBatch) of that query"
                    + (state.readsResultAgain ? ", whose result it reads again from the beginning" : "")
            }
        return activity == .running
            ? "next run: must wait for this one; if this one is stopped, \(next)"
            : "next run: \(next) (--restart gives it up)"
    }

    private static func costs(_ cost: Double) -> String { ", cost \(amount(cost))" }

    /// Millionths, since the cheapest query costs a fraction of a cent; without zeros behind the fourth decimal.
    static func amount(_ cost: Double) -> String {
        guard case .number(var digits) = JSONValue.decimal(cost, digits: 6) else { return "beyond counting" }
        for _ in 0..<2 where digits.hasSuffix("0") { digits.removeLast() }
        return digits
    }
}
