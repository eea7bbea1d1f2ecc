import AWS

extension ColumnProbe {
    /// The columns of a query that exists. Nothing is sent.
    ///
    /// - Returns: nil while the query is not finished.
    /// - Throws: ``AthenaExportError`` if it has failed, else `AWSError` or `CancellationError`.
    package func columns(ofQuery id: String) async throws -> ProbedColumns? {
        let execution = try await client.getQueryExecution(id)
        switch execution.state {
        case .succeeded: break
        case .failed, .cancelled: throw execution.failure(isNamed: true)
        case .queued, .running, .unknown: return nil
        }
        let early = EarlyAnswers(runtime: runtime, logger: logger, limit: .zero)
        let columns = try await QueryResults(client: client, queryExecutionID: id, early: early).columns()
        return ProbedColumns(columns: columns.map(\.column), execution: execution)
    }
}
