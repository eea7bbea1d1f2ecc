import Clock
import AWS
import BatchExport

/// The figures of a run in the text format of Prometheus, for the textfile collector of its node exporter.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4.
struct RunMetrics {
    let summary: RunSummary
    let table: String
    let exitStatus: ExitStatus
    let phases: (query: Double, export: Double)
    let requests: RequestCounter.Counts
    /// When the newest successful run, this one or an earlier one, was complete; nil if there is none.
    let lastSuccess: Timestamp?
    let end: Timestamp

    var text: String {
        var text = ""
        func add(_ name: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            text += "# HELP athena_export_\(name) \(help)\n# TYPE athena_export_\(name) gauge\n"
            for (labels, value) in samples {
                text += "athena_export_\(name){table=\"\(Self.escaped(table))\"\(labels)} \(value)\n"
            }
        }
        func add(_ name: String, _ help: String, _ value: Int) { add(name, help, [("", "\(value)")]) }

        add("last_run_success", "Whether the last run succeeded.", exitStatus == .success ? 1 : 0)
        add("last_run_exit_status", "Exit status of the last run.", Int(exitStatus.rawValue))
        add("last_run_end_timestamp_seconds", "When the last run ended.", Self.seconds(end))
        if let lastSuccess {
            add(
                "last_success_timestamp_seconds", "When the newest run that succeeded was complete.",
                Self.seconds(lastSuccess))
        }
        add("run_rows", "Rows in files.", summary.rows)
        add("run_duplicate_rows", "Rows whose key came again in their batch.", summary.duplicateRows)
        add("run_rejected_rows", "Rows that cannot be loaded.", summary.rejectedRows)
        add("run_batches", "Files of rows.", summary.batches)
        add("run_bytes", "Bytes of the files of rows.", summary.bytes)
        add("run_uncompressed_bytes", "Bytes of rows before compression.", summary.uncompressedBytes)
        add("run_data_scanned_bytes", "Bytes that the query scanned.", summary.dataScannedBytes)
        add("run_query_reruns", "Queries sent again because the one before failed.", summary.queryReruns)
        add("run_requests", "Requests to AWS by this process.", requests.requests)
        add("run_retries", "Requests of those that were sent before.", requests.retries)
        add(
            "run_seconds", "Seconds that this process spent.",
            [
                (#",phase="query""#, RunSummary.seconds(phases.query)),
                (#",phase="export""#, RunSummary.seconds(phases.export)),
            ])
        return text
    }

    private static func seconds(_ timestamp: Timestamp) -> Int { Int(timestamp.milliseconds / 1000) }

    /// A label's value, as it stands between quotes.
    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
