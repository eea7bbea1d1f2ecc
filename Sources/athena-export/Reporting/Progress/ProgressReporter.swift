import Athena
import Logging
import Threading

/// Reports the progress of a run: on a terminal a line that is written over, elsewhere a line of the log now and then.
final class ProgressReporter: Sendable {
    private let console: Console
    private let isShown: Bool
    private let logger: Logger?
    private let state = Locked(State())

    private struct State {
        var figures = ProgressFigures()
        var lastTold: ContinuousClock.Instant?
    }

    /// The line on a terminal changes at most ten times a second.
    private static let pause = Duration.milliseconds(100)
    /// Enough for a log to show that a run was at work, and how fast.
    private static let logPause = Duration.seconds(30)
    /// Without new figures, the line is drawn again this often, so that its clock runs and it follows the terminal's
    /// width.
    private static let tick = Duration.milliseconds(500)

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
        state.withLock { $0.figures.note(progress, at: now) }
        refresh(at: now)
    }

    /// Redraws the line as time passes, until the task is cancelled: a query that runs for minutes gives no new
    /// figures.
    func keepCurrent() async {
        while (try? await Task.sleep(for: Self.tick)) != nil { refresh(at: .now) }
    }

    /// Shows the figures, unless that was done a moment ago.
    func refresh(at now: ContinuousClock.Instant) {
        guard isShown || logger != nil else { return }
        let pause = isShown ? Self.pause : Self.logPause
        let due = state.withLock { state -> ProgressFigures? in
            if let last = state.lastTold ?? (isShown ? nil : state.figures.start), now - last < pause { return nil }
            state.lastTold = now
            return state.figures
        }
        guard let due else { return }
        if isShown {
            console.showProgress(due.line(at: now))
        } else {
            logger?.info("\(due.line(at: now).words)", metadata: due.metadata(at: now))
        }
    }
}
