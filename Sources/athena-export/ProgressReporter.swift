import Athena
import BatchExport
import Locking

/// Shows how a run goes on: one line that is written over on a terminal.
final class ProgressReporter: Sendable {
    private let console: Console
    private let isShown: Bool
    private let figures: Locked<Figures>

    /// The line changes at most ten times a second.
    private static let pause = Duration.milliseconds(100)

    fileprivate struct Figures {
        let start = ContinuousClock.now
        var lastShown: ContinuousClock.Instant?
        var queryState: String?
        var total: Int?
        /// Rows that earlier processes of the run had read.
        var rowsBefore: Int?
        var rows = 0
        var batches = 0
        var bytes = 0
        var readingSince: ContinuousClock.Instant?
    }

    init(console: Console, isShown: Bool) {
        self.console = console
        self.isShown = isShown
        figures = Locked(Figures())
    }

    func report(_ progress: AthenaExport.Progress) {
        guard isShown else { return }
        let line = figures.withLock { figures -> String? in
            figures.note(progress)
            let now = ContinuousClock.now
            if let last = figures.lastShown, now - last < Self.pause { return nil }
            figures.lastShown = now
            return figures.line(at: now)
        }
        if let line { console.showProgress(line) }
    }
}

extension ProgressReporter.Figures {
    fileprivate mutating func note(_ progress: AthenaExport.Progress) {
        switch progress {
        case .query(let state): queryState = state
        case .total(let rows): total = rows
        case .export(.read(let read)):
            if readingSince == nil {
                readingSince = .now
                rowsBefore = read
            }
            rows = read
        case .export(.published(let more, let moreBytes, _)):
            batches += more
            bytes += moreBytes
        }
    }

    fileprivate func line(at now: ContinuousClock.Instant) -> String {
        guard let readingSince else {
            return "query \(queryState ?? "starting") · \(RunSummary.seconds((now - start).seconds)) s"
        }
        var parts = [RunSummary.grouped(rows) + (total.map { " of \(RunSummary.grouped($0))" } ?? "") + " rows"]
        let elapsed = (now - readingSince).seconds
        let rate = elapsed > 0 ? Double(rows - (rowsBefore ?? 0)) / elapsed : 0
        parts.append("\(RunSummary.grouped(Int(rate))) rows/s")
        parts.append("\(RunSummary.count(batches, "batch", "batches")), \(RunSummary.size(bytes))")
        if let total, total > 0 {
            let share = min(1, Double(rows) / Double(total))
            return "\(ProgressReporter.bar(share)) · " + parts.joined(separator: " · ")
        }
        return parts.joined(separator: " · ")
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
