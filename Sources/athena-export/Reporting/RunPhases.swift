import Athena
import Threading

/// Measures from a run's progress how long it waited for its query and how long it exported rows.
final class RunPhases: Sendable {
    private let start: ContinuousClock.Instant
    private let firstRows = Locked<ContinuousClock.Instant?>(nil)

    init(since start: ContinuousClock.Instant) {
        self.start = start
    }

    func report(_ progress: AthenaExport.Progress) {
        guard case .export = progress else { return }
        firstRows.withLock { $0 = $0 ?? .now }
    }

    /// Seconds until the first rows, and from there on until now.
    var seconds: (query: Double, export: Double) {
        let now = ContinuousClock.now
        let end = firstRows.withLock { $0 } ?? now
        return ((end - start).seconds, (now - end).seconds)
    }
}
