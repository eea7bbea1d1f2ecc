import AWS

/// A query that was named by its id.
extension ColumnProbe {
    /// The columns of a query that exists. Nothing is sent, unless it stands inside of another statement: then its columns
    /// are asked for.
    ///
    /// - Parameter options: how its result is to be read.
    /// - Returns: nil while the query is not finished.
    /// - Throws: ``AthenaExportError`` if there is no such query, if it has failed, or if its result cannot be read so; else
    ///   `AWSError` or `CancellationError`.
    package func columns(ofQuery id: String, as options: AthenaExport.Options) async throws -> ProbedColumns? {
        do {
            let execution = try await client.getQueryExecution(id)
            switch execution.state {
            case .succeeded: break
            case .failed, .cancelled: throw execution.failure(isNamed: true)
            case .queued, .running, .unknown: return nil
            }
            if let sent = try await adopted(execution, as: options) {
                return ProbedColumns(columns: sent.columns, execution: execution)
            }
            let early = EarlyAnswers(runtime: runtime, logger: logger, limit: .zero)
            let columns = try await QueryResults(client: client, queryExecutionID: id, early: early).columns()
            return ProbedColumns(columns: columns.map(\.column), execution: execution)
        } catch let error as AWSError where error.isUnknownExecution {
            throw AthenaExportError.executionGone(queryExecutionID: id, message: error.serviceMessage, isNamed: true)
        } catch let error as AWSError where error.isUnfinishedQuery {
            throw AthenaExportError.resultNotReady(queryExecutionID: id, message: error.serviceMessage)
        }
    }

    /// What a query that exists has run in the place of another one; nil if that is the query itself.
    ///
    /// - Throws: ``AthenaExportError`` for one without rows to read, or one that was not sent as the options say.
    func adopted(_ execution: QueryExecution, as options: AthenaExport.Options) async throws -> SentQuery? {
        let id = execution.queryExecutionID
        let text = execution.query ?? ""
        let unloaded = UnloadStatement.parts(of: text)
        guard options.isRewritten else {
            guard let effect = execution.effect else { return nil }
            if unloaded != nil { throw AthenaExportError.unload(.needsSource(queryExecutionID: id)) }
            throw AthenaExportError.notAQuery(queryExecutionID: id, effect: effect)
        }
        let isUnload = options.source == .unload
        let statement = isUnload ? unloaded?.statement : OuterSelect.innerStatement(of: text)
        guard let statement else { throw Self.foreign(id, options) }
        let parameters = execution.query(statement: statement.text)
        let columns = try await columns(of: statement, in: parameters).columns
        let sent: SentQuery
        if isUnload {
            // The token that it was sent with is not known, and a query that was named by its id is not started again.
            let unload = SentQuery.Unload(target: unloaded?.target ?? "", start: 1)
            do throws(UnloadError) {
                sent = try SentQuery(
                    unloading: statement, columns: columns, parameters: parameters.parameters, to: unload)
            } catch {
                throw AthenaExportError.unload(error)
            }
        } else {
            sent = SentQuery(selecting: statement, columns: columns, parameters: parameters.parameters)
        }
        // The text holds names and types of the columns, so another one is of other columns.
        guard sent.statement == text else { throw Self.foreign(id, options) }
        return sent
    }

    private static func foreign(_ id: String, _ options: AthenaExport.Options) -> AthenaExportError {
        options.source == .unload ? .unload(.foreign(queryExecutionID: id)) : .notNested(queryExecutionID: id)
    }
}
