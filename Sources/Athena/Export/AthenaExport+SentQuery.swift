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
        let probed = try await probe.columns(of: statement, in: filled)
        try await journal.check(columns: options.exported(probed.columns), options.export)
        let sent = try options.sentQuery(around: statement, probed, in: filled, runID: run.runID, token: token)
        if sent.unload != nil, statement.isSorted {
            logger.warning(
                "the query sorts its rows, and an UNLOAD does not keep their order", metadata: ["event": "order_lost"])
        }
        return sent
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

    private var probe: ColumnProbe {
        ColumnProbe(client: client, runtime: runtime, logger: logger, timeout: options.queryTimeout)
    }
}

extension AthenaExport.Options {
    /// What a run sends in the place of its query, around it.
    ///
    /// - Parameters:
    ///   - query: where it runs and with which parameters; its own statement does not count.
    ///   - token: of the run's first start.
    /// - Throws: ``AthenaExportError/unload(_:)``.
    fileprivate func sentQuery(
        around statement: InnerStatement, _ probed: ProbedColumns, in query: AthenaQuery, runID: String, token: String
    ) throws(AthenaExportError) -> SentQuery {
        let sent: SentQuery
        if source == .unload {
            let unload = SentQuery.Unload.first(
                below: try probed.unloadParent(unloadTarget, query).url, table: table, runID: runID, token: token)
            let bytes = unload.target.utf8.count
            guard bytes <= SentQuery.Unload.longestTarget else {
                throw .unload(.targetTooLong(bytes: bytes, limit: SentQuery.Unload.longestTarget))
            }
            do throws(UnloadError) {
                sent = try SentQuery(
                    unloading: statement, columns: probed.columns, parameters: query.parameters, to: unload)
            } catch {
                throw .unload(error)
            }
        } else {
            sent = SentQuery(selecting: statement, columns: probed.columns, parameters: query.parameters)
        }
        try AthenaQuery.checkLength(of: sent.statement)
        return sent
    }

    /// Throws what a run would throw when it has the columns of its query, before it sends it inside of another one.
    ///
    /// - Parameter startedAt: the name of the run if the options give none.
    package func checkSentQuery(
        around statement: InnerStatement, _ probed: ProbedColumns, in query: AthenaQuery, startedAt: String
    ) throws(AthenaExportError) {
        guard isRewritten else { return }
        _ = try sentQuery(
            around: statement, probed, in: query, runID: runID ?? startedAt,
            token: String(repeating: "0", count: 64))
    }
}

extension AthenaQuery {
    /// - Throws: ``UnloadError/statementTooLong(bytes:limit:)``.
    static func checkLength(of statement: String) throws(AthenaExportError) {
        let bytes = statement.utf8.count
        guard bytes <= maximumBytes else { throw .unload(.statementTooLong(bytes: bytes, limit: maximumBytes)) }
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
            guard let sent = try await probe.adopted(execution, as: options) else { return run }
            var run = run
            run.sourceState = sent.json
            try await journal.save(run)
            return run
        } catch let error as AthenaExportError {
            try await journal.saveUnlessExported(run.failed(query))
            throw error
        }
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
