import Clock
import Logging

/// Waits until a query is finished. It polls seldom enough for the account's quota and soon enough for short queries: the
/// first pause is a quarter of a second, and each one is half as long again, up to five seconds. Chance makes a pause up to
/// a quarter shorter or longer.
struct QueryPoller: Sendable {
    let client: AthenaClient
    let runtime: Runtime
    let logger: Logger
    /// How long a query may take, from the first poll.
    let timeout: Duration
    let report: @Sendable (AthenaExport.Progress) -> Void

    /// How long the service may take to stop a query that is not waited for any more. The user who has sent a signal waits
    /// for at most two seconds.
    static let patienceAfterSignal = Duration.milliseconds(1500)
    static let patienceAfterTimeout = Duration.seconds(20)

    private static let firstPause = 0.25
    private static let longestPause = 5.0

    /// - Parameter early: for how long an unknown query counts as not known yet.
    /// - Returns: the execution in a final state, and whether it was seen in another one before.
    /// - Throws: ``AthenaExportError/queryTimedOut(queryExecutionID:limit:_:)``, with the query still running.
    func waitUntilFinished(
        _ queryExecutionID: String, early: EarlyAnswers
    ) async throws -> (execution: QueryExecution, wasSeenUnfinished: Bool) {
        var pause = Self.firstPause
        var waited = Duration.zero
        var furtherLooks = 0
        var wasSeenUnfinished = false
        var isKnown = false
        while true {
            let asked = ContinuousClock.now
            let look = { [client] in try await client.getQueryExecution(queryExecutionID) }
            let execution = isKnown ? try await look() : try await early.waitedOut(queryExecutionID, look)
            isKnown = true
            // A call that is throttled may take minutes.
            waited += ContinuousClock.now - asked
            report(.query(state: execution.state.name, scannedBytes: execution.dataScannedInBytes))
            switch execution.state {
            case .failed where furtherLooks < execution.pausesBeforeFailureCounts.count && waited < timeout:
                pause = execution.pausesBeforeFailureCounts[furtherLooks]
                furtherLooks += 1
                logger.warning(
                    "the query failed, and Athena may queue it again by itself; looking again",
                    metadata: ["event": "query_state_doubted", "query_execution_id": "\(queryExecutionID)"])
            case .succeeded, .failed, .cancelled: return (execution, wasSeenUnfinished)
            case .queued, .running:
                wasSeenUnfinished = true
                furtherLooks = 0
            case .unknown(let state):
                wasSeenUnfinished = true
                logger.warning(
                    "unknown query state; waiting on", metadata: ["event": "query_state_unknown", "state": "\(state)"])
            }
            guard waited < timeout else {
                throw AthenaExportError.queryTimedOut(
                    queryExecutionID: queryExecutionID, limit: timeout, .running)
            }
            // Jitter, so that jobs started together by a scheduler do not poll at the same time.
            let next = min(.seconds(pause * (0.75 + 0.5 * runtime.random())), timeout - waited)
            try await runtime.sleep(next)
            waited += next
            pause = min(pause * 1.5, Self.longestPause)
        }
    }
}
