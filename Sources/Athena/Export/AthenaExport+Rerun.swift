import BatchExport
import Clock
import Logging
import Text

extension AthenaExport {
    /// How often a query is sent again after it failed.
    static let maximumQueryReruns = 2
    /// The pause before the first rerun, doubled for each further one: a query that failed for want of resources needs
    /// some time.
    private static let pauseBeforeRerun = 5.0

    /// Whether sending the query again is likely to help and safe: it is ours, it failed for a reason that Athena calls
    /// retryable or that is throttling, and nothing of its result is in a file.
    func mayRerun(
        _ execution: QueryExecution, _ query: ExportState.QueryIdentity, of state: ExportState
    ) -> Bool {
        execution.mayBeRetried && query.clientRequestToken != nil
            && state.checkpoint.isAtStart && state.queryReruns < Self.maximumQueryReruns
    }

    /// Saves the rerun in the state and waits until it is due.
    func prepareRerun(after execution: QueryExecution, of state: ExportState) async throws -> ExportState {
        var next = try beforeNextStart(of: state)
        next.queryReruns += 1
        let pause = Self.pauseBeforeRerun * Double(1 << state.queryReruns) * (0.5 + runtime.random() / 2)
        logger.warning(
            "the query failed and may succeed if sent again; sending it again",
            metadata: [
                "event": "query_rerun", "query_execution_id": "\(execution.queryExecutionID)",
                "rerun": "\(next.queryReruns)",
                "reason": "\((execution.stateChangeReason ?? "none given").shown(limit: 500))",
                "athena_error": "\(execution.athenaError?.description.shown(limit: 500) ?? "none")",
                "wait_seconds": "\(Int(pause.rounded()))",
            ])
        try await journal.save(next)
        try await runtime.sleep(.seconds(pause))
        return next
    }
}
