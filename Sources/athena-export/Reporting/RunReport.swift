import BatchExport
import Clock
import Logging

/// Reports the end of a run in every requested form: log event, summary, error, metrics.
struct RunReport {
    let options: ReportingOptions
    let console: Console
    let logger: Logger
    let started = ContinuousClock.now

    /// How long the process has worked.
    var seconds: Double { (ContinuousClock.now - started).seconds }

    /// - Parameter directory: the table's, if it is known already.
    func couldNotBegin(_ error: any Error, in directory: ExportDirectory? = nil) -> ExitStatus {
        ended(RunEnd(failed: error, directory: directory, seconds: seconds), phases: (seconds, 0), requests: .init())
    }

    /// - Returns: the exit status: that of the end, or the one for a summary that could not be written.
    func ended(
        _ end: RunEnd, phases: (query: Double, export: Double), requests: RequestCounter.Counts
    ) -> ExitStatus {
        log(end)
        var status = end.status
        // As text, the error line is enough.
        if end.error == nil || options.summary == .json, !console.writeOutput(end.summary.text(options.summary)) {
            console.writeError(
                "the summary could not be written to standard output; athena-export status shows how far the run got")
            if status == .success { status = .inputOutput }
        }
        if let error = end.error { console.writeError(error) }
        if end.directory != nil {
            write(
                RunMetrics(
                    tables: [RunMetrics.Table(end: end, exitStatus: status, phases: phases, requests: requests)],
                    end: .now()))
        }
        return status
    }

    /// Writes the event of a run's end.
    func log(_ end: RunEnd) {
        var metadata: Logger.Metadata = [
            "event": "run_\(end.summary.status.rawValue)", "exit_status": .stringConvertible(Int(end.status.rawValue)),
            "rows": .stringConvertible(end.summary.rows), "batches": .stringConvertible(end.summary.batches),
            "bytes": .stringConvertible(end.summary.bytes), "seconds": .stringConvertible(end.summary.seconds),
        ]
        if end.summary.unchangedRows > 0 || end.summary.deletedRows > 0 {
            metadata["unchanged_rows"] = .stringConvertible(end.summary.unchangedRows)
            metadata["deleted_rows"] = .stringConvertible(end.summary.deletedRows)
        }
        if let runID = end.summary.runID { metadata["run_id"] = "\(runID)" }
        if let failure = end.summary.failure {
            metadata["error_kind"] = "\(failure.kind)"
            metadata["error"] = "\(failure.message)"
        }
        // As text, these would only repeat the summary and the error line.
        guard options.logFormat == .json else { return }
        logger.log(
            level: end.error == nil ? .info : .error, "run \(end.summary.status.rawValue)", metadata: metadata)
    }

    func write(_ metrics: RunMetrics) { options.writeMetrics(metrics.text, logger) }
}
