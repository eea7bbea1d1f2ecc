import AWS
import Logging

/// Waits until a query is finished, asking seldom enough not to use up the account's quota and soon enough not to make
/// short queries long: a quarter of a second at first, half as much again each time, five seconds at most.
struct QueryPoller: Sendable {
    let client: AthenaClient
    let runtime: Runtime
    let logger: Logger
    /// How long a query may take, from the first look at it.
    let timeout: Duration
    let report: @Sendable (AthenaExport.Progress) -> Void

    private static let firstPause = 0.25
    private static let longestPause = 5.0
    /// How often a query is looked at again that failed because S3 was too busy: such a one has been seen to succeed
    /// after all (growthbook/growthbook, issue 1866).
    private static let furtherLooks = 2

    /// - Returns: the execution in a final state.
    /// - Throws: ``AthenaExportError/queryTimedOut(queryExecutionID:limit:isStopped:)``, with the query still running.
    func waitUntilFinished(_ queryExecutionID: String) async throws -> QueryExecution {
        var pause = Self.firstPause
        var waited = Duration.zero
        var furtherLooks = Self.furtherLooks
        while true {
            let asked = ContinuousClock.now
            let execution = try await look(at: queryExecutionID)
            // A call that is throttled may take minutes.
            waited += ContinuousClock.now - asked
            report(.query(state: execution.state.name, scannedBytes: execution.dataScannedInBytes))
            switch execution.state {
            case .failed where execution.failedByBusyS3 && furtherLooks > 0 && waited < timeout:
                furtherLooks -= 1
                pause = Self.longestPause
                logger.warning(
                    "the query failed because S3 was too busy; looking again",
                    metadata: ["event": "query_state_doubted", "query_execution_id": "\(queryExecutionID)"])
            case .succeeded, .failed, .cancelled: return execution
            case .queued, .running: break
            case .unknown(let state):
                logger.warning(
                    "unknown query state; waiting on", metadata: ["event": "query_state_unknown", "state": "\(state)"])
            }
            guard waited < timeout else {
                throw AthenaExportError.queryTimedOut(
                    queryExecutionID: queryExecutionID, limit: timeout, isStopped: false)
            }
            // Jitter, so that many jobs started by one scheduler do not ask in step.
            let next = min(.seconds(pause * (0.75 + 0.5 * runtime.random())), timeout - waited)
            try await runtime.sleep(next)
            waited += next
            pause = min(pause * 1.5, Self.longestPause)
        }
    }

    private func look(at queryExecutionID: String) async throws -> QueryExecution {
        do {
            return try await client.getQueryExecution(queryExecutionID)
        } catch let error as AWSError where error.isUnknownExecution {
            throw AthenaExportError.executionGone(queryExecutionID: queryExecutionID, message: "\(error)")
        }
    }
}
