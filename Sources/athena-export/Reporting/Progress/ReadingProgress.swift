import BatchExport
import Threading

/// Shows the progress of reading files: one line that is written over.
final class ReadingProgress: Sendable {
    private let console: Console
    private let isShown: Bool
    private let totalBytes: Int
    private let totalFiles: Int
    private let figures = Locked(Figures())

    /// The line changes at most ten times a second.
    private static let pause = Duration.milliseconds(100)

    private struct Figures {
        let start = ContinuousClock.now
        var lastShown: ContinuousClock.Instant?
        var bytes = 0
        var files = 0
    }

    init(console: Console, isShown: Bool, of manifest: Manifest) {
        self.console = console
        self.isShown = isShown
        let entries = manifest.entries
        totalBytes = entries.reduce(0) { $0 + $1.file.bytes }
        totalFiles = entries.count
    }

    func report(_ progress: Verification.Progress) {
        guard isShown else { return }
        let line = figures.withLock { figures -> ProgressLine? in
            switch progress {
            case .read(let bytes): figures.bytes += bytes
            case .checked: figures.files += 1
            }
            let now = ContinuousClock.now
            if let last = figures.lastShown, now - last < Self.pause, figures.files < totalFiles { return nil }
            figures.lastShown = now
            return self.line(figures, at: now)
        }
        if let line { console.showProgress(line) }
    }

    private func line(_ figures: Figures, at now: ContinuousClock.Instant) -> ProgressLine {
        let share = totalBytes == 0 ? 1 : min(1, Double(figures.bytes) / Double(totalBytes))
        let elapsed = (now - figures.start).seconds
        let rate = elapsed > 0 ? Int(Double(figures.bytes) / elapsed) : 0
        return ProgressLine(
            share: share, "\(RunSummary.grouped(figures.files)) of \(RunSummary.count(totalFiles, "file"))",
            brief: RunSummary.count(figures.files, "file"), rate: "\(RunSummary.size(rate))/s")
    }
}
