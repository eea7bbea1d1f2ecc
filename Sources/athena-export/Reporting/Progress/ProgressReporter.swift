import Athena
import Logging
import Threading
import Upload

/// The figures of work that is going on.
protocol ProgressTelling: Sendable {
    /// When the work began.
    var start: ContinuousClock.Instant { get }

    /// For a terminal.
    func line(at now: ContinuousClock.Instant) -> ProgressLine

    /// For a log, with the event's name.
    func metadata(at now: ContinuousClock.Instant) -> Logger.Metadata
}

/// Reports the progress of a run or an upload: on a terminal a line that is written over, elsewhere a line of the log
/// now and then.
final class ProgressReporter<Figures: ProgressTelling>: Sendable {
    private let console: Console
    private let isShown: Bool
    private let logger: Logger?
    private let state: Locked<State>

    private struct State: Sendable {
        var figures: Figures
        var lastTold: ContinuousClock.Instant?
    }

    /// The line on a terminal changes at most ten times a second.
    private var pause: Duration { isShown ? .milliseconds(100) : Self.logPause }
    /// Enough for a log to show that a run was at work, and how fast.
    private static var logPause: Duration { .seconds(30) }
    /// Without new figures, the line is drawn again this often, so that its clock runs and it follows the terminal's
    /// width.
    private static var tick: Duration { .milliseconds(500) }

    /// - Parameters:
    ///   - isShown: on a terminal.
    ///   - logger: for when it is not shown; nil to keep quiet.
    init(console: Console, isShown: Bool, logger: Logger?, figures: Figures) {
        self.console = console
        self.isShown = isShown
        self.logger = logger
        state = Locked(State(figures: figures))
    }

    /// Takes figures, and shows them unless the line was refreshed a moment ago.
    func update(
        at now: ContinuousClock.Instant = .now, _ change: (inout Figures, ContinuousClock.Instant) -> Void
    ) {
        state.withLock { change(&$0.figures, now) }
        refresh(at: now)
    }

    /// Shows the progress of exports until they end. The first signal stops them in order.
    func show<Result: Sendable>(
        until signals: SignalWatcher, _ logger: Logger, _ work: @escaping @Sendable () async -> Result
    ) async -> Result {
        let task = Task { await work() }
        signals.atFirstSignal {
            logger.notice("stopping; what is exported so far is kept", metadata: ["event": "run_stopping"])
            task.cancel()
        }
        return await show { await task.value }
    }

    /// Shows the progress of work until it ends.
    func show<Result: Sendable>(while work: () async -> Result) async -> Result {
        let clock = Task { await keepCurrent() }
        let result = await work()
        clock.cancel()
        await clock.value
        console.eraseProgress()
        return result
    }

    /// Redraws the line as time passes, until the task is cancelled: a query that runs for minutes gives no new
    /// figures.
    private func keepCurrent() async {
        while (try? await Task.sleep(for: Self.tick)) != nil { refresh(at: .now) }
    }

    /// Shows the figures, unless that was done a moment ago.
    func refresh(at now: ContinuousClock.Instant) {
        guard isShown || logger != nil else { return }
        let due = state.withLock { state -> Figures? in
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

extension ProgressReporter where Figures == ProgressFigures {
    /// Of one table's run.
    convenience init(console: Console, isShown: Bool, logger: Logger?) {
        self.init(console: console, isShown: isShown, logger: logger, figures: ProgressFigures())
    }

    func report(_ progress: AthenaExport.Progress, at now: ContinuousClock.Instant = .now) {
        update(at: now) { figures, now in figures.note(progress, at: now) }
    }

    func report(_ progress: UploadProgress) {
        update { figures, now in figures.note(progress, at: now) }
    }
}

extension ProgressReporter where Figures == UploadFigures {
    func report(_ progress: UploadProgress) {
        update { figures, now in figures.note(progress, at: now) }
    }
}
