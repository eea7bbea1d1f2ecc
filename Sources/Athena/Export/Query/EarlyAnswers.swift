import AWS
import Clock
import Logging

/// Repeats requests whose answer may have come too early.
///
/// For a moment after a query was started, or has ended, Athena may answer that there is no such query, that it is not
/// finished or that it has no result (DyfanJones/noctua, issue 104). The same words are used for a query that is gone,
/// so only time distinguishes the two.
struct EarlyAnswers: Sendable {
    let runtime: Runtime
    let logger: Logger
    /// How long such an answer counts as early, from the first one on.
    let limit: Duration

    /// For a query that this process started, or saw before it ended.
    static let limitForNewQuery = Duration.seconds(30)
    /// For a query of another process, which may be old: a wrong id should not take half a minute.
    static let limitForOldQuery = Duration.seconds(5)

    private static let firstPause = 0.5
    private static let longestPause = 5.0

    /// - Returns: the result of the call, once it is not an early answer.
    /// - Throws: the call's error; an early answer after ``limit``.
    func waitedOut<Answer>(
        _ queryExecutionID: String, _ call: () async throws -> Answer
    ) async throws -> Answer {
        var pause = Self.firstPause
        var waited = Duration.zero
        while true {
            do {
                return try await call()
            } catch let error as AWSError where error.mayBeEarly && waited < limit {
                let next = min(.seconds(pause * (0.75 + 0.5 * runtime.random())), limit - waited)
                logger.notice(
                    "Athena does not know the query or its result yet; asking again",
                    metadata: [
                        "event": "answer_early", "query_execution_id": "\(queryExecutionID)",
                        "error": "\(error.serviceMessage)", "wait_seconds": .stringConvertible(next / .seconds(1)),
                    ])
                try await runtime.sleep(next)
                waited += next
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}

extension AWSError {
    /// Whether the answer may have come too early.
    fileprivate var mayBeEarly: Bool { isUnknownExecution || isUnfinishedQuery }
}
