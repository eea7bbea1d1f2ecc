import Athena
import BatchExport
import Logging
import Upload

/// The figures of a run at work.
struct ProgressFigures: ProgressTelling {
    let start = ContinuousClock.now
    private var queryState: String?
    private var scannedBytes: Int?
    private var total: Int?
    /// Rows that earlier processes of the run had read.
    private var rowsBefore = 0
    private var rows = 0
    private var batches = 0
    private var bytes = 0
    private var readingSince: ContinuousClock.Instant?
    /// Of the upload that follows the rows; nil before it.
    private var upload: UploadFigures?

    mutating func note(_ progress: UploadProgress, at now: ContinuousClock.Instant) {
        var figures = upload ?? UploadFigures()
        figures.note(progress, at: now)
        upload = figures
    }

    mutating func note(_ progress: AthenaExport.Progress, at now: ContinuousClock.Instant) {
        switch progress {
        case .query(let state, let scanned):
            queryState = Self.plain(state)
            scannedBytes = scanned ?? scannedBytes
        case .total(let rows): total = rows
        case .export(.read(let read)):
            if readingSince == nil {
                readingSince = now
                rowsBefore = read
            }
            rows = read
        case .export(.published(let more, let moreBytes, _)):
            batches += more
            bytes += moreBytes
        }
    }

    func line(at now: ContinuousClock.Instant) -> ProgressLine {
        if let upload { return upload.line(at: now) }
        guard readingSince != nil else {
            return ProgressLine(
                "query \(queryState ?? "starting") · \(Self.clock(now - start))",
                detail: scannedBytes.map { "\(RunSummary.size($0)) scanned" })
        }
        let read = RunSummary.grouped(rows)
        return ProgressLine(
            share: share, total.map { "\(read) of \(RunSummary.grouped($0)) rows" } ?? "\(read) rows",
            brief: "\(read) rows", rate: "\(RunSummary.grouped(rate(at: now))) rows/s",
            detail: "\(RunSummary.count(batches, "batch", "batches")), \(RunSummary.size(bytes))",
            timeLeft: secondsLeft(at: now).map { "\(RunSummary.time($0)) left" })
    }

    func metadata(at now: ContinuousClock.Instant) -> Logger.Metadata {
        if let upload { return upload.metadata(at: now) }
        var metadata: Logger.Metadata = ["event": "progress"]
        guard readingSince != nil else {
            metadata["query_state"] = "\(queryState ?? "starting")"
            if let scannedBytes { metadata["data_scanned_bytes"] = .stringConvertible(scannedBytes) }
            return metadata
        }
        metadata["rows"] = .stringConvertible(rows)
        metadata["rows_per_second"] = .stringConvertible(rate(at: now))
        metadata["batches"] = .stringConvertible(batches)
        metadata["bytes"] = .stringConvertible(bytes)
        if let total { metadata["total_rows"] = .stringConvertible(total) }
        if let share { metadata["share_done"] = .stringConvertible(share) }
        if let seconds = secondsLeft(at: now) { metadata["seconds_left"] = .stringConvertible(seconds) }
        return metadata
    }

    /// The share of the rows, between 0 and 1, once the service has counted them.
    private var share: Double? {
        guard readingSince != nil, let total, total > 0 else { return nil }
        return min(1, Double(rows) / Double(total))
    }

    /// Rows a second of this process.
    private func rate(at now: ContinuousClock.Instant) -> Int {
        let elapsed = readingSince.map { (now - $0).seconds } ?? 0
        return elapsed > 0 ? Int(Double(rows - rowsBefore) / elapsed) : 0
    }

    private func secondsLeft(at now: ContinuousClock.Instant) -> Int? {
        let rate = rate(at: now)
        guard let total, rate > 0 else { return nil }
        return max(0, total - rows) / rate
    }
}

extension ProgressFigures {
    /// A state in the service's words. An unknown one may be any text; its characters neither steer the terminal nor
    /// take more than one column.
    private static func plain(_ state: String) -> String {
        String(String.UnicodeScalarView(state.unicodeScalars.prefix(30).map { ("!"..."~").contains($0) ? $0 : "?" }))
    }

    /// An elapsed time, to the second for the first hour: `40 s`, `3 min 5 s`, `2 h 5 min`.
    static func clock(_ elapsed: Duration) -> String {
        let seconds = Int(max(0, elapsed.components.seconds))
        return seconds < 60 || seconds >= 3600
            ? RunSummary.time(seconds) : "\(RunSummary.time(seconds)) \(seconds % 60) s"
    }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
