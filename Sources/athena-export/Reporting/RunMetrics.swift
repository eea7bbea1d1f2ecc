import AWS
import BatchExport
import Clock

/// The figures of runs in the text format of Prometheus, for the textfile collector of its node exporter.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4.
struct RunMetrics {
    /// In the order of their labels in the file.
    let tables: [Table]
    let end: Timestamp

    /// Those of one table.
    struct Table {
        let end: RunEnd
        let exitStatus: ExitStatus
        let phases: (query: Double, export: Double)
        let requests: RequestCounter.Counts

        fileprivate var name: String { end.directory?.table ?? "" }
        fileprivate var summary: RunSummary { end.summary }
    }

    private typealias Sample = (labels: String, value: String)

    var text: String {
        var text = ""
        func add(_ name: String, _ help: String, samples: (Table) -> [Sample]) {
            let lines = tables.flatMap { table in
                samples(table).map { sample in
                    "athena_export_\(name){table=\"\(Self.escaped(table.name))\"\(sample.labels)} \(sample.value)\n"
                }
            }
            // A metric without a sample is not described either.
            guard !lines.isEmpty else { return }
            text += "# HELP athena_export_\(name) \(help)\n# TYPE athena_export_\(name) gauge\n" + lines.joined()
        }
        func add(_ name: String, _ help: String, _ value: (Table) -> Int?) {
            add(name, help, samples: { table in value(table).map { [("", "\($0)")] } ?? [] })
        }

        add("last_run_success", "Whether the last run succeeded.") { $0.exitStatus == .success ? 1 : 0 }
        add("last_run_exit_status", "Exit status of the last run.") { Int($0.exitStatus.rawValue) }
        add("last_run_end_timestamp_seconds", "When the last run ended.") { _ in Self.seconds(end) }
        add("last_success_timestamp_seconds", "When the newest run that succeeded was complete.") {
            $0.end.manifest?.lastSuccess.map(Self.seconds)
        }
        add("run_rows", "Rows in files.") { $0.summary.rows }
        add("run_duplicate_rows", "Rows whose key came again in their batch.") { $0.summary.duplicateRows }
        add("run_rejected_rows", "Rows that cannot be loaded.") { $0.summary.rejectedRows }
        add("run_unchanged_rows", "Rows that the table held already.") { $0.summary.unchangedRows }
        add("run_deleted_rows", "Keys in files of deletes.") { $0.summary.deletedRows }
        add("run_batches", "Files of rows.") { $0.summary.batches }
        add("run_bytes", "Bytes of the files of rows.") { $0.summary.bytes }
        add("run_uncompressed_bytes", "Bytes of rows before compression.") { $0.summary.uncompressedBytes }
        add("run_data_scanned_bytes", "Bytes that the query scanned.") { $0.summary.dataScannedBytes }
        add("run_query_reruns", "Queries sent again because the one before failed.") { $0.summary.queryReruns }
        add("run_requests", "Requests to AWS by this process.") { $0.requests.requests }
        add("run_retries", "Requests of those that were sent before.") { $0.requests.retries }
        add(
            "run_seconds", "Seconds that this process spent.",
            samples: {
                [
                    (#",phase="query""#, RunSummary.seconds($0.phases.query)),
                    (#",phase="export""#, RunSummary.seconds($0.phases.export)),
                ]
            })
        return text
    }

    private static func seconds(_ timestamp: Timestamp) -> Int { Int(timestamp.milliseconds / 1000) }

    /// A label's value, as it stands between quotes.
    static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

extension Manifest {
    /// When the newest run that has succeeded was complete.
    fileprivate var lastSuccess: Timestamp? {
        runs.last { $0.status == .succeeded }?.completedAt.flatMap { Timestamp(iso8601: $0) }
    }
}
