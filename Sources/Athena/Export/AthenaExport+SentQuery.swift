package import AWS
import BatchExport
import JSON
import Logging

extension AthenaExport {
    /// What is sent in the place of a new run's query; nil if that is the query itself.
    ///
    /// Its columns are asked for first, so whatever does not fit the options or the directory shows before anything is
    /// paid for.
    /// - Parameter token: of the run's first start.
    func sentQuery(for run: ExportState, token: String) async throws -> SentQuery? {
        guard options.isRewritten, case .start(let query) = options.query else { return nil }
        let filled = query.filled(with: run.cursor?.from)
        let statement: InnerStatement
        do { statement = try InnerStatement(filled.statement) } catch { throw AthenaExportError.unfitStatement(error) }
        let probed = try await probe(statement, in: filled)
        try await journal.check(columns: options.exported(probed.columns), options.export)
        guard options.source == .unload else {
            return try checkingLength(
                SentQuery(selecting: statement, columns: probed.columns, parameters: filled.parameters))
        }
        let parent = try probed.unloadParent(options.unloadTarget, filled)
        if statement.isSorted {
            logger.warning(
                "the query sorts its rows, and an UNLOAD does not keep their order", metadata: ["event": "order_lost"])
        }
        let unload = SentQuery.Unload.first(
            below: parent.url, table: options.table, runID: run.runID, token: token)
        let sent: SentQuery
        do throws(UnloadError) {
            sent = try SentQuery(
                unloading: statement, columns: probed.columns, parameters: filled.parameters, to: unload)
        } catch {
            throw AthenaExportError.unload(error)
        }
        return try checkingLength(sent)
    }

    /// What a run has sent in the place of its query; nil if that was the query itself.
    ///
    /// - Throws: ``ExportError/untrusted(path:problem:remedy:)`` for a state that cannot be read.
    func sentQuery(of run: ExportState) throws -> SentQuery? {
        do {
            return try run.sourceState.map { try SentQuery(JSONField($0, path: "source_state")) }
        } catch {
            throw ExportError.untrusted(
                path: journal.directory.state, problem: "\(error)",
                remedy: "restore the file, or give the run up with --restart")
        }
    }

    /// The run before another start of its query: with another token and, for an UNLOAD, another target.
    func beforeNextStart(of run: ExportState) throws -> ExportState {
        let token = newToken()
        var next = run.starting(with: token)
        if let sent = try sentQuery(of: run)?.unloading(toTargetOf: token) { next.sourceState = sent.json }
        return next
    }

    private func probe(_ statement: InnerStatement, in query: AthenaQuery) async throws -> ProbedColumns {
        try await ColumnProbe(client: client, runtime: runtime, logger: logger, timeout: options.queryTimeout)
            .columns(of: statement, in: query)
    }

    private func checkingLength(_ sent: SentQuery) throws(AthenaExportError) -> SentQuery {
        let bytes = sent.statement.utf8.count
        guard bytes <= AthenaQuery.maximumBytes else {
            throw .unload(.statementTooLong(bytes: bytes, limit: AthenaQuery.maximumBytes))
        }
        return sent
    }
}

// MARK: - A query that was named by its id

extension AthenaExport {
    /// The run with all that must be known to read the result of its query.
    ///
    /// - Throws: ``AthenaExportError`` for a query without rows to read, or one that was not sent as the options say. The
    ///   run is given up then, so that it does not block a better command.
    func readable(
        _ run: ExportState, _ query: ExportState.QueryIdentity, _ execution: QueryExecution
    ) async throws -> ExportState {
        if run.sourceState != nil { return run }
        do {
            guard let sent = try await adopted(execution) else { return run }
            var run = run
            run.sourceState = sent.json
            try await journal.save(run)
            return run
        } catch let error as AthenaExportError {
            try await journal.saveUnlessExported(run.failed(query))
            throw error
        }
    }

    /// What an execution that this run did not start has run in the place of a query; nil if that is the query itself.
    private func adopted(_ execution: QueryExecution) async throws -> SentQuery? {
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
        guard let statement else { throw foreign(id) }
        let parameters = execution.query(statement: statement.text)
        let columns = try await probe(statement, in: parameters).columns
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
        guard sent.statement == text else { throw foreign(id) }
        return sent
    }

    private func foreign(_ id: String) -> AthenaExportError {
        options.source == .unload ? .unload(.foreign(queryExecutionID: id)) : .notNested(queryExecutionID: id)
    }
}

extension ProbedColumns {
    /// The place below which an UNLOAD of the query writes.
    ///
    /// - Parameter given: the one in the options, if there is one.
    package func unloadParent(_ given: S3Prefix?, _ query: AthenaQuery) throws(AthenaExportError) -> S3Prefix {
        guard encryptionOption != "CSE_KMS" else { throw .unload(.clientSideEncryption) }
        guard let parent = given ?? standardTarget(query) else { throw .unload(.noTarget) }
        return parent
    }

    /// The place if none is given: beside the results.
    fileprivate func standardTarget(_ query: AthenaQuery) -> S3Prefix? {
        let results =
            query.outputLocation
            ?? outputLocation.map { String($0.prefix(through: $0.lastIndex(of: "/") ?? $0.startIndex)) }
        return results.flatMap { S3Prefix($0) }.flatMap { S3Prefix("\($0.url)athena-export-unload/") }
    }
}
