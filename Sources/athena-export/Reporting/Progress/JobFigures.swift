import Athena
import BatchExport
import Logging
import Upload

/// What is known of several exports that are at work side by side.
struct JobFigures: ProgressTelling {
    let start = ContinuousClock.now
    private let tableCount: Int
    private var done = 0
    private var failed: [String] = []
    private var tables: [String: Table] = [:]
    private var batches = 0
    private var bytes = 0
    private var readingSince: ContinuousClock.Instant?
    /// Files to be uploaded, as far as it is known, and those that have arrived.
    private var files = (planned: 0, arrived: 0)

    private struct Table {
        /// Rows that earlier processes of the run had read.
        var rowsBefore = 0
        var rows = 0
        var isReading = false
    }

    /// - Parameter tableCount: to be exported.
    init(tableCount: Int) {
        self.tableCount = tableCount
    }

    mutating func begin(_ table: String) { tables[table] = Table() }

    mutating func note(_ progress: AthenaExport.Progress, of table: String, at now: ContinuousClock.Instant) {
        switch progress {
        case .query, .total: break
        case .export(.read(let read)):
            readingSince = readingSince ?? now
            var figures = tables[table, default: Table()]
            if !figures.isReading {
                figures.isReading = true
                figures.rowsBefore = read
            }
            figures.rows = read
            tables[table] = figures
        case .export(.published(let more, let moreBytes, _)):
            batches += more
            bytes += moreBytes
        }
    }

    mutating func note(_ progress: UploadProgress) {
        switch progress {
        case .planned(let more, _): files.planned += more
        case .sent: break
        case .arrived: files.arrived += 1
        }
    }

    mutating func end(_ table: String, hasFailed: Bool) {
        done += 1
        if hasFailed { failed.append(table) }
    }

    private var rows: Int { tables.values.reduce(0) { $0 + $1.rows } }
    private var underway: Int { tables.count - done }

    /// Rows a second of this process, over all tables.
    private func rate(at now: ContinuousClock.Instant) -> Int {
        let elapsed = readingSince.map { (now - $0).seconds } ?? 0
        let read = tables.values.reduce(0) { $0 + $1.rows - $1.rowsBefore }
        return elapsed > 0 ? Int(Double(read) / elapsed) : 0
    }

    func line(at now: ContinuousClock.Instant) -> ProgressLine {
        var text = "\(done) of \(RunSummary.count(tableCount, "table"))"
        var names = ""
        if !failed.isEmpty {
            text += ", \(failed.count) failed"
            names = " (\(failed.joined(separator: ", ")))"
        }
        guard readingSince != nil else {
            return ProgressLine(
                text + names, brief: text, detail: "\(underway) at work",
                timeLeft: ProgressFigures.clock(now - start))
        }
        let read = " · \(RunSummary.count(rows, "row"))"
        let uploaded =
            files.planned == 0
            ? "" : ", \(RunSummary.grouped(files.arrived)) of \(RunSummary.count(files.planned, "file")) uploaded"
        return ProgressLine(
            share: Double(done) / Double(max(1, tableCount)), text + names + read, brief: text + read,
            rate: "\(RunSummary.grouped(rate(at: now))) rows/s",
            detail: "\(underway) at work, \(RunSummary.count(batches, "batch", "batches")), \(RunSummary.size(bytes))"
                + uploaded)
    }

    func metadata(at now: ContinuousClock.Instant) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "event": "progress", "tables": .stringConvertible(tableCount), "tables_done": .stringConvertible(done),
            "tables_failed": .stringConvertible(failed.count), "rows": .stringConvertible(rows),
            "batches": .stringConvertible(batches), "bytes": .stringConvertible(bytes),
        ]
        if files.planned > 0 { metadata["uploaded_files"] = .stringConvertible(files.arrived) }
        if readingSince != nil { metadata["rows_per_second"] = .stringConvertible(rate(at: now)) }
        return metadata
    }
}
