import Athena
import BatchExport
import Threading
import Logging

/// Tells how a run goes on: a line that is written over on a terminal, a line of the log now and then elsewhere.
final class ProgressReporter: Sendable {
    private let console: Console
    private let isShown: Bool
    private let logger: Logger?
    private let figures = Locked(Figures())

    /// The line on a terminal changes at most ten times a second.
    private static let pause = Duration.milliseconds(100)
    /// A log is read afterwards: enough to see that a run went on, and how fast.
    private static let logPause = Duration.seconds(30)

    /// - Parameters:
    ///   - isShown: on a terminal.
    ///   - logger: for when it is not shown; nil to keep quiet.
    init(console: Console, isShown: Bool, logger: Logger?) {
        self.console = console
        self.isShown = isShown
        self.logger = logger
    }

    func report(_ progress: AthenaExport.Progress) {
        report(progress, at: .now)
    }

    func report(_ progress: AthenaExport.Progress, at now: ContinuousClock.Instant) {
        guard isShown || logger != nil else { return }
        let pause = isShown ? Self.pause : Self.logPause
        let due = figures.withLock { figures -> Figures? in
            figures.note(progress, at: now)
            if let last = figures.lastTold ?? (isShown ? nil : figures.start), now - last < pause { return nil }
            figures.lastTold = now
            return figures
        }
        guard let due else { return }
        if isShown {
            console.showProgress(due.line(at: now))
        } else {
            logger?.info("\(due.words(at: now))", metadata: due.metadata(at: now))
        }
    }
}

/// What is known of a run that goes on.
private struct Figures {
    let start = ContinuousClock.now
    var lastTold: ContinuousClock.Instant?
    var queryState: String?
    var total: Int?
    /// Rows that earlier processes of the run had read.
    var rowsBefore = 0
    var rows = 0
    var batches = 0
    var bytes = 0
    var readingSince: ContinuousClock.Instant?

    mutating func note(_ progress: AthenaExport.Progress, at now: ContinuousClock.Instant) {
        switch progress {
        case .query(let state): queryState = state
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

    func line(at now: ContinuousClock.Instant) -> String {
        share.map { "\(ProgressReporter.bar($0)) · \(words(at: now))" } ?? words(at: now)
    }

    func words(at now: ContinuousClock.Instant) -> String {
        guard readingSince != nil else {
            return "query \(queryState ?? "starting") · \(RunSummary.seconds((now - start).seconds)) s"
        }
        var parts = [RunSummary.grouped(rows) + (total.map { " of \(RunSummary.grouped($0))" } ?? "") + " rows"]
        parts.append("\(RunSummary.grouped(rate(at: now))) rows/s")
        parts.append("\(RunSummary.count(batches, "batch", "batches")), \(RunSummary.size(bytes))")
        if let seconds = secondsLeft(at: now) { parts.append("\(RunSummary.time(seconds)) left") }
        return parts.joined(separator: " · ")
    }

    func metadata(at now: ContinuousClock.Instant) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["event": "progress"]
        guard readingSince != nil else {
            metadata["query_state"] = "\(queryState ?? "starting")"
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

    /// Of the rows, between 0 and 1, once the service has counted them.
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

extension ProgressReporter {
    /// A share between 0 and 1 as a bar with its percentage.
    static func bar(_ share: Double) -> String {
        let filled = Int(share * 20)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
            + " \(Int(share * 100)) %"
    }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
