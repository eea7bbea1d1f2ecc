import Clock
import Upload

/// The figures of an upload in the text format of Prometheus, as ``RunMetrics`` has those of a run.
struct UploadMetrics {
    let end: UploadEnd
    let table: String
    let status: ExitStatus
    let summary: UploadSummary

    var text: String {
        var text = ""
        func add(_ name: String, _ help: String, _ value: String) {
            text += "# HELP athena_export_\(name) \(help)\n# TYPE athena_export_\(name) gauge\n"
            text += "athena_export_\(name){table=\"\(RunMetrics.escaped(table))\"} \(value)\n"
        }
        add("last_upload_success", "Whether the last upload succeeded.", status == .success ? "1" : "0")
        add("last_upload_exit_status", "Exit status of the last upload.", "\(status.rawValue)")
        add(
            "last_upload_end_timestamp_seconds", "When the last upload ended.",
            "\(Timestamp.now().milliseconds / 1000)")
        add("upload_files", "Files that the manifest lists, and itself.", "\(end.outcome.files)")
        add("upload_bytes", "Bytes of these files.", "\(end.outcome.bytes)")
        add("upload_sent_files", "Files of these that were sent.", "\(end.outcome.sent)")
        add("upload_sent_bytes", "Bytes of the files that were sent.", "\(end.outcome.sentBytes)")
        add("upload_removed_objects", "Objects of pruned batches that were removed.", "\(end.outcome.removed)")
        add("upload_requests", "Requests to AWS by this process.", "\(end.requests.requests)")
        add("upload_retries", "Requests of those that were sent before.", "\(end.requests.retries)")
        add("upload_seconds", "Seconds that this process spent.", RunSummary.seconds(summary.seconds))
        return text
    }
}
