import AWS
import BatchExport
import Logging

extension AthenaExport {
    /// The run with its query sent: now, or by an earlier process.
    ///
    /// - Parameter isNew: no earlier process can have sent it.
    func started(_ state: ExportState, isNew: Bool) async throws -> (ExportState, ExportState.QueryIdentity) {
        guard case .starting(let token) = state.phase, case .start(let query) = options.query else {
            guard let query = state.query else { throw CancellationError() }
            return (state, query)
        }
        let id: String
        do {
            id = try await client.startQueryExecution(
                query.filled(with: state.cursor?.from).sent(as: try sentQuery(of: state)), clientRequestToken: token)
        } catch let error as AWSError {
            // A statement that is refused now was also refused when an earlier process sent it.
            let isNotStarted = isNew && error.provesThatNothingWasStarted || error.isMalformedQuery
            if isNotStarted { try await journal.save(state.failed(nil)) }
            throw AthenaExportError(refusalToStart: error) ?? error
        }
        logger.info("query started", metadata: ["event": "query_started", "query_execution_id": "\(id)"])
        let identity = ExportState.QueryIdentity(clientRequestToken: token, queryExecutionID: id)
        var state = state
        state.stoppedQueryExecutionID = nil
        state.phase = .exporting(identity, Checkpoint(nextBatch: state.firstBatch))
        try await journal.save(state)
        return (state, identity)
    }

    /// The run with its query finished and its result there.
    ///
    /// A query that failed for a reason of Athena's own is sent again, a few times.
    func succeeded(_ saved: ExportState, isNew: Bool) async throws -> SucceededQuery {
        var isStartedHere = if case .starting = saved.phase { true } else { false }
        var (state, query) = try await started(saved, isNew: isNew)
        while true {
            let (execution, wasSeenUnfinished): (QueryExecution, Bool)
            do {
                (execution, wasSeenUnfinished) = try await finished(
                    state, query, early: earlyAnswers(ofNewQuery: isStartedHere))
            } catch AthenaExportError.executionGone where state.stoppedQueryExecutionID != nil {
                (state, query) = try await startedAgain(state)
                isStartedHere = true
                continue
            }
            if execution.state == .succeeded {
                if state.isStoppingQuery {
                    // The query was faster than the stop.
                    state.isStoppingQuery = false
                    state.stoppedQueryExecutionID = nil
                    try await journal.save(state)
                }
                logger.info(
                    "query succeeded",
                    metadata: [
                        "event": "query_succeeded", "query_execution_id": "\(query.queryExecutionID)",
                        "data_scanned_bytes": .stringConvertible(execution.dataScannedInBytes ?? 0),
                    ])
                warnOfOtherLocation(execution, isStartedHere: isStartedHere)
                return SucceededQuery(
                    state: try await readable(state, query, execution), query: query, execution: execution,
                    early: earlyAnswers(ofNewQuery: isStartedHere || wasSeenUnfinished))
            }
            if execution.state == .cancelled, state.isStoppingQuery {
                // An earlier process stopped the query.
                (state, query) = try await startedAgain(state)
                isStartedHere = true
                continue
            }
            if execution.foundTarget, query.clientRequestToken != nil {
                // The run stays as it is: a new start is paid for, so only a person can say that it should be.
                throw AthenaExportError.unload(
                    .targetExists(
                        queryExecutionID: query.queryExecutionID,
                        target: try sentQuery(of: state)?.unload?.target ?? ""))
            }
            guard mayRerun(execution, query, of: state) else {
                try await journal.save(state.failed(query))
                await warnOfLeftObjects(state)
                throw execution.failure(isNamed: query.clientRequestToken == nil)
            }
            let next = try await prepareRerun(after: execution, of: state)
            (state, query) = try await started(next, isNew: true)
            isStartedHere = true
        }
    }

    /// The run with its query sent again after it was stopped.
    private func startedAgain(_ state: ExportState) async throws -> (ExportState, ExportState.QueryIdentity) {
        let next = try beforeNextStart(of: state)
        try await journal.save(next)
        return try await started(next, isNew: true)
    }

    private func earlyAnswers(ofNewQuery isNew: Bool) -> EarlyAnswers {
        EarlyAnswers(
            runtime: runtime, logger: logger,
            limit: isNew ? EarlyAnswers.limitForNewQuery : EarlyAnswers.limitForOldQuery)
    }

    private func finished(
        _ state: ExportState, _ query: ExportState.QueryIdentity, early: EarlyAnswers
    ) async throws -> (execution: QueryExecution, wasSeenUnfinished: Bool) {
        let poller = QueryPoller(
            client: client, runtime: runtime, logger: logger, timeout: options.queryTimeout, report: report)
        do {
            return try await poller.waitUntilFinished(query.queryExecutionID, early: early)
        } catch AthenaExportError.queryTimedOut(let id, let limit, _) {
            let fate = await stop(query, of: state, within: QueryPoller.patienceAfterTimeout)
            throw AthenaExportError.queryTimedOut(queryExecutionID: id, limit: limit, fate)
        } catch let error as AWSError where error.isUnknownExecution {
            throw try await gone(query, of: state, error)
        } catch is CancellationError {
            // In a task of its own, since this one is cancelled.
            _ = await Task { await stop(query, of: state, within: QueryPoller.patienceAfterSignal) }.value
            throw CancellationError()
        }
    }

    /// Stops a query of ours that is not waited for any more, so that it causes no further cost.
    ///
    /// Athena answers in the same way for a query that is finished. So the run keeps its query, and the next process looks
    /// at it before it sends another one.
    ///
    /// - Parameter limit: how long to wait for the service's answer.
    /// - Returns: the fate of the query; if it is stopped, the next run sends it again.
    private func stop(
        _ query: ExportState.QueryIdentity, of state: ExportState, within limit: Duration
    ) async -> QueryFate {
        // A query whose rows or deletes are in files has succeeded, even if the run begins again.
        let hasExported = await journal.hasExported(state)
        guard query.clientRequestToken != nil, !hasExported, !options.leavesQueryRunning else { return .running }
        do {
            // The state is saved first: the stop may reach the service without its answer reaching us.
            var stopping = state
            stopping.isStoppingQuery = true
            try await journal.save(stopping)
            try await client.stopQueryExecution(query.queryExecutionID, within: limit)
            logger.info(
                "query stopped in Athena",
                metadata: ["event": "query_stopped", "query_execution_id": "\(query.queryExecutionID)"])
            stopping.stoppedQueryExecutionID = query.queryExecutionID
            try await journal.save(stopping)
            return .stopped
        } catch {
            logger.warning(
                "the query could not be stopped in time",
                metadata: [
                    "event": "query_not_stopped", "query_execution_id": "\(query.queryExecutionID)",
                    "error": "\(error)",
                ])
            return .unknown
        }
    }

    /// Gives up a run whose query was named by its id and does not exist: no other command can continue it.
    ///
    /// - Returns: the error to throw.
    func gone(
        _ query: ExportState.QueryIdentity, of state: ExportState, _ error: AWSError
    ) async throws -> AthenaExportError {
        if query.clientRequestToken == nil { try await journal.saveUnlessExported(state.failed(query)) }
        return .executionGone(
            queryExecutionID: query.queryExecutionID, message: error.serviceMessage,
            isNamed: query.clientRequestToken == nil)
    }

    /// A work group may silently put the result into another location than the requested one.
    ///
    /// - Parameter isStartedHere: this process sent the query, with the requested location.
    private func warnOfOtherLocation(_ execution: QueryExecution, isStartedHere: Bool) {
        guard case .start(let query) = options.query, let asked = query.outputLocation,
            let location = execution.outputLocation, !location.hasPrefix(asked)
        else { return }
        logger.warning(
            isStartedHere
                ? "the work group put the result into another location than the requested one"
                : "an earlier command sent the query, and its result is in another location than this command requests",
            metadata: ["event": "output_location_differs", "asked": "\(asked)", "location": "\(location)"])
    }
}

extension ExportState {
    func failed(_ query: QueryIdentity?) -> ExportState {
        var state = self
        state.phase = .failed(query)
        return state
    }

    func starting(with token: String) -> ExportState {
        var state = self
        state.phase = .starting(clientRequestToken: token)
        state.isStoppingQuery = false
        return state
    }
}

/// A query whose result can be read, and its run.
struct SucceededQuery {
    let state: ExportState
    let query: ExportState.QueryIdentity
    let execution: QueryExecution
    /// For how long its result may be missing.
    let early: EarlyAnswers
}
