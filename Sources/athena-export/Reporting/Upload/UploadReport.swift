import Logging
import Text
import Upload

/// Tells the end of an upload in all the ways that were asked for: log event, summary, error, metrics.
struct UploadReport {
    let options: ReportingOptions
    let console: Console
    let logger: Logger
    let started = ContinuousClock.now

    /// - Returns: the exit status: that of the end, or the one for a summary that could not be written.
    func ended(_ end: UploadEnd) -> ExitStatus {
        let summary = UploadSummary(end: end, seconds: (ContinuousClock.now - started).seconds)
        log(end, summary)
        var status = end.status
        // For people the error says it all.
        if end.error == nil || options.summary == .json, !console.writeOutput(summary.text(options.summary)) {
            console.writeError("the summary could not be written to standard output")
            if status == .success { status = .inputOutput }
        }
        if let error = end.error { console.writeError(error) }
        if let table = end.table {
            options.writeMetrics(
                UploadMetrics(end: end, table: table, status: status, summary: summary).text, logger)
        }
        return status
    }

    private func log(_ end: UploadEnd, _ summary: UploadSummary) {
        // As text it says nothing that the summary and the error line would not.
        guard options.logFormat == .json else { return }
        logger.log(
            level: end.error == nil ? .info : .error, "upload \(summary.status.rawValue)",
            metadata: summary.metadata(exitStatus: end.status))
    }
}

extension UploadSummary {
    /// Of the log event.
    func metadata(exitStatus: ExitStatus) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "event": "upload_\(status.rawValue)", "exit_status": .stringConvertible(Int(exitStatus.rawValue)),
            "url": "\(end.url.shown(limit: 2000))", "files": .stringConvertible(end.outcome.files),
            "sent": .stringConvertible(end.outcome.sent), "sent_bytes": .stringConvertible(end.outcome.sentBytes),
            "present": .stringConvertible(end.outcome.present), "removed": .stringConvertible(end.outcome.removed),
            "seconds": .stringConvertible(seconds),
        ]
        if let failure {
            metadata["error_kind"] = "\(failure.kind)"
            metadata["error"] = "\(failure.message)"
        }
        return metadata
    }
}
