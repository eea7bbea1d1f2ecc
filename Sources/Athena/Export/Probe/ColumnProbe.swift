import AWS
package import BatchExport
package import Clock
import Digest
package import Logging

/// Asks Athena for the columns of a query without running it.
///
/// `SELECT * FROM (query) LIMIT 0` gives a result without rows that has all its columns. The planner makes an empty list of
/// a LIMIT 0 (`EvaluateZeroLimit` in Presto and Trino), so no data is read.
package struct ColumnProbe: Sendable {
    let client: AthenaClient
    let runtime: Runtime
    let logger: Logger
    private let timeout: Duration

    /// - Parameter timeout: how long the query without rows may take, queueing included.
    package init(client: AthenaClient, runtime: Runtime, logger: Logger, timeout: Duration = .seconds(1800)) {
        self.client = client
        self.runtime = runtime
        self.logger = logger
        self.timeout = timeout
    }

    /// - Parameters:
    ///   - statement: what the columns are asked of.
    ///   - query: where it runs and with which parameters; its own statement does not count.
    /// - Throws: ``AthenaExportError`` if Athena refuses or fails the statement, else `AWSError` or `CancellationError`.
    ///   Nothing is left in Athena that costs anything. After a timeout or a cancellation the query is stopped.
    package func columns(of statement: InnerStatement, in query: AthenaQuery) async throws -> ProbedColumns {
        var probe = query
        probe.statement = Self.statement(around: statement)
        // The table may have got a column since an equal probe.
        probe.reusedResultMinutes = nil
        try AthenaQuery.checkLength(of: probe.statement)
        let id = try await start(probe)
        let early = EarlyAnswers(runtime: runtime, logger: logger, limit: EarlyAnswers.limitForNewQuery)
        let execution = try await finished(id, early)
        guard execution.state == .succeeded else { throw execution.failure(isNamed: false) }
        let columns = try await QueryResults(client: client, queryExecutionID: id, early: early).columns()
        return ProbedColumns(columns: columns.map(\.column), execution: execution)
    }

    /// Waits for the query without rows. One that is not waited for any more is stopped: the next question sends another.
    private func finished(_ id: String, _ early: EarlyAnswers) async throws -> QueryExecution {
        let poller = QueryPoller(client: client, runtime: runtime, logger: logger, timeout: timeout) { _ in }
        do {
            return try await poller.waitUntilFinished(id, early: early).execution
        } catch AthenaExportError.queryTimedOut(let id, let limit, _) {
            let isStopped = await stop(id, within: QueryPoller.patienceAfterTimeout)
            throw AthenaExportError.queryTimedOut(
                queryExecutionID: id, limit: limit, .columnsOnly(isStopped: isStopped))
        } catch is CancellationError {
            // In a task of its own, since this one is cancelled.
            _ = await Task { await stop(id, within: QueryPoller.patienceAfterSignal) }.value
            throw CancellationError()
        }
    }

    /// - Returns: whether Athena has confirmed it.
    private func stop(_ id: String, within limit: Duration) async -> Bool {
        do {
            try await client.stopQueryExecution(id, within: limit)
            return true
        } catch {
            logger.debug(
                "the question for the columns could not be stopped in time",
                metadata: [
                    "event": "columns_not_stopped", "query_execution_id": "\(id)", "error": "\(error)",
                ])
            return false
        }
    }

    static func statement(around statement: InnerStatement) -> String {
        // On lines of its own, so that a comment at the query's end does not hide the parenthesis.
        "SELECT * FROM (\n\(statement.text)\n) LIMIT 0"
    }

    private func start(_ probe: AthenaQuery) async throws -> String {
        // Every probe is a query of its own, for the same reason.
        let token = SHA256.hex("probe \(UInt64.random(in: .min ... .max)) \(UInt64.random(in: .min ... .max))")
        do {
            let id = try await client.startQueryExecution(probe, clientRequestToken: token)
            logger.debug(
                "asking for the columns", metadata: ["event": "columns_asked", "query_execution_id": "\(id)"])
            return id
        } catch let error as AWSError {
            throw AthenaExportError(refusalToStart: error) ?? error
        }
    }
}

/// The columns of a query, and what its result without rows tells about every other result of the same work group.
package struct ProbedColumns: Sendable, Equatable {
    /// As the query's own result has them.
    package let columns: [Column]
    package let queryExecutionID: String
    /// Of the result without rows; nil where Athena manages results itself.
    package let outputLocation: String?
    /// The account that the result's bucket must belong to, if the request or the work group said so.
    package let expectedBucketOwner: String?
    /// `SSE_S3`, `SSE_KMS` or `CSE_KMS`; nil if neither the request nor the work group said so.
    package let encryptionOption: String?
    /// `Athena engine version 3`.
    package let engineVersion: String?

    init(columns: [Column], execution: QueryExecution) {
        self.columns = columns
        queryExecutionID = execution.queryExecutionID
        outputLocation = execution.outputLocation
        expectedBucketOwner = execution.expectedBucketOwner
        encryptionOption = execution.encryptionOption
        engineVersion = execution.effectiveEngineVersion
    }
}
