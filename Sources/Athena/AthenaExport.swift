package import AWS
package import BatchExport
package import Clock
import Digest
package import Logging

/// One export: the query is started, or found again, waited for, and its rows become batches.
///
/// Every step is in the journal before the work that it stands for can be lost, so the same call continues where a
/// killed process stopped.
package struct AthenaExport: Sendable {
    let client: AthenaClient
    let s3: S3Client?
    let journal: ExportJournal
    let recording: RecordingTransport?
    let options: Options
    let runtime: Runtime
    let logger: Logger
    let report: @Sendable (Progress) -> Void

    /// - Parameters:
    ///   - s3: reads result objects; nil if rows come from the API, whatever the options say.
    ///   - recording: keeps the client's answers, if they are recorded.
    package init(
        client: AthenaClient, s3: S3Client? = nil, journal: ExportJournal, recording: RecordingTransport? = nil,
        options: Options, runtime: Runtime,
        logger: Logger, report: @escaping @Sendable (Progress) -> Void = { _ in }
    ) {
        self.client = client
        self.s3 = s3
        self.journal = journal
        self.recording = recording
        self.options = options
        self.runtime = runtime
        self.logger = logger
        self.report = report
    }

    /// Progress of a running export.
    package enum Progress: Sendable {
        /// The query's state, and the bytes that it has scanned if the service says.
        case query(state: String, scannedBytes: Int?)
        /// The service's count of the result's rows.
        case total(rows: Int)
        case export(ExportProgress)
    }

    /// The result of ``run()``.
    package enum Outcome: Sendable, Equatable {
        /// All rows are in files; `wasResumed` if an unfinished run was continued.
        case exported(wasResumed: Bool)
        /// A run of the requested name has succeeded before.
        case alreadySucceeded(runID: String)
        /// The newest run has succeeded before, and its files are not uploaded so far.
        case uploadPending(runID: String)
    }

    /// Runs the export to its end.
    ///
    /// - Throws: ``AthenaExportError``, `AWSError`, `ExportError` or `CancellationError`. Whatever is thrown, the
    ///   directory is as the last checkpoint left it.
    package func run() async throws -> Outcome {
        // What the run before has unloaded and could not remove.
        await removeUnloadedObjects()
        while true {
            let plan = try await journal.plan(
                options.request, runID: options.runID, restart: options.restart, upload: options.upload)
            switch plan {
            case .upload(let state):
                logger.info(
                    "run \(state.runID) has succeeded, and its upload is pending",
                    metadata: ["event": "upload_pending", "run_id": "\(state.runID)"])
                return .uploadPending(runID: state.runID)
            case .alreadySucceeded(let run):
                logger.info(
                    "run \(run.runID) has succeeded already; nothing to do",
                    metadata: ["event": "run_already_succeeded", "run_id": "\(run.runID)"])
                return .alreadySucceeded(runID: run.runID)
            case .start(let firstBatch):
                try await journal.check(options.export)
                try recording?.prepare(for: nil)
                let state = try await newRun(firstBatch: firstBatch)
                try recording?.begin(state)
                logger.info("run started", metadata: ["event": "run_started", "run_id": "\(state.runID)"])
                try await keepingFailure(of: state) { try await export(state, isNew: true) }
                return .exported(wasResumed: false)
            case .reread(let state):
                try recording?.prepare(for: state)
                try recording?.begin(state)
                logger.warning(
                    "batches of run \(state.runID) are not listed; reading the result again from its beginning",
                    metadata: ["event": "run_reread", "run_id": "\(state.runID)"])
                try await keepingFailure(of: state) { try await export(state, isNew: false) }
                if isAnswered(by: state) { return .exported(wasResumed: true) }
            case .resume(let state):
                try recording?.prepare(for: state)
                try recording?.begin(state)
                // Else the error of an earlier night would pass for that of this one.
                let next = isAnswered(by: state) ? "" : " \(state.runID); run \(options.runID ?? "") begins after it"
                logger.info(
                    "resuming the unfinished run\(next)",
                    metadata: [
                        "event": "run_resumed", "run_id": "\(state.runID)",
                        "rows": .stringConvertible(state.checkpoint.rowsExported),
                    ])
                try await keepingFailure(of: state) { try await export(state, isNew: false) }
                if isAnswered(by: state) { return .exported(wasResumed: true) }
            }
        }
    }

    /// Whether the state is that of the requested run. A run of another name comes after the pending one.
    private func isAnswered(by state: ExportState) -> Bool {
        options.runID == nil || options.runID == state.runID
    }

    private func newRun(firstBatch: Int) async throws -> ExportState {
        let startedAt = runtime.timestamp()
        let token = newToken()
        var state = ExportState(
            runID: await unusedRunID(startedAt), request: options.request, startedAt: startedAt,
            firstBatch: firstBatch, cursor: try await newCursor(),
            phase: initialPhase(firstBatch: firstBatch, token: token))
        state.pendingUpload = options.upload
        let left = await leftTargets()
        var sent = try await sentQuery(for: state, token: token)
        sent?.unload?.left = left
        if sent?.unload == nil, !left.isEmpty {
            logger.warning(
                "what the run before this one has unloaded stays below \(left.joined(separator: " "))",
                metadata: ["event": "unload_left", "target": "\(left.joined(separator: " "))"])
        }
        state.sourceState = sent?.json
        await warnOfRemainingObjects()
        let reason =
            if options.restart {
                ""
            } else {
                await journal.state == nil ? ", since state.json is missing" : ", since state.json is of another run"
            }
        for run in try await journal.begin(state) { await warnOfWhatStays(of: run, reason) }
        return state
    }

    /// Says what a run that is given up has exported, which no run takes back.
    private func warnOfWhatStays(of run: Manifest.Run, _ reason: String) async {
        let (rows, deletedRows) = (run.rows, await journal.manifest?.deletedRows(of: run) ?? 0)
        var kept: [String] = []
        if rows > 0 { kept.append("the \(rows) rows that it has exported stay in the table") }
        if deletedRows > 0 { kept.append("the \(deletedRows) keys that it has deleted stay deleted") }
        guard !kept.isEmpty else { return }
        let rest =
            options.export.primaryKey.isEmpty
            ? "; the new run adds all of its rows to them" : " until a run exports their keys again"
        logger.warning(
            "run \(run.runID) is given up\(reason), and \(kept.joined(separator: " and "))\(rest)",
            metadata: [
                "event": "run_given_up", "run_id": "\(run.runID)", "rows": .stringConvertible(rows),
                "deleted_rows": .stringConvertible(deletedRows),
            ])
    }

    private func unusedRunID(_ startedAt: String) async -> String {
        if let runID = options.runID { return runID }
        let manifest = await journal.manifest
        var runID = startedAt
        var attempt = 1
        while manifest?.run(named: runID) != nil {
            attempt += 1
            runID = "\(startedAt)-\(attempt)"
        }
        return runID
    }

    private func initialPhase(firstBatch: Int, token: String) -> ExportState.Phase {
        switch options.query {
        case .start: .starting(clientRequestToken: token)
        case .attach(let id):
            .exporting(
                ExportState.QueryIdentity(clientRequestToken: nil, queryExecutionID: id),
                Checkpoint(nextBatch: firstBatch))
        }
    }

    /// 64 characters that no other run has. Athena takes 32 to 128 and remembers them even of failed queries.
    func newToken() -> String {
        SHA256.hex(
            "\(options.request.fingerprint) \(UInt64.random(in: .min ... .max)) \(UInt64.random(in: .min ... .max))")
    }

    private func export(_ saved: ExportState, isNew: Bool) async throws {
        let succeeded = try await succeeded(saved, isNew: isNew)
        let (state, query, execution) = (succeeded.state, succeeded.query, succeeded.execution)
        // Requested beside the export, which does not wait for the answer. The task does not hold the journal, since it
        // would keep the directory's lock after a run that has failed.
        // Of an UNLOAD it is no count of what it has written, which is compared elsewhere.
        let isCounted = options.source != .unload
        let expectedRows = Task { [client, report, logger] in
            isCounted ? await Self.outputRows(of: query.queryExecutionID, client, logger, report) : nil
        }
        defer { expectedRows.cancel() }
        do {
            try await exportRows(of: execution, state, early: succeeded.early)
        } catch let error as AWSError where error.isUnknownExecution {
            throw try await gone(query, of: state, error)
        } catch let error as AWSError where error.isUnfinishedQuery {
            throw AthenaExportError.resultNotReady(
                queryExecutionID: query.queryExecutionID, message: error.serviceMessage)
        } catch let error as ExportError where error.isOfSchema {
            // With this request, nothing will ever be exported; the state must not block a corrected one.
            try await journal.saveUnlessExported(state.failed(query))
            guard error.isOfOptions else { throw error }
            throw AthenaExportError.resultUnfit(
                error,
                PaidResult(
                    queryExecutionID: query.queryExecutionID, isNamed: query.clientRequestToken == nil,
                    hasRowsInFiles: await journal.state?.isUnfinished == true, hasCursor: options.cursor != nil))
        }
        await reconcile(await expectedRows.value(within: Self.patienceForRowCount))
        await prune()
    }
}

extension AthenaExport {
    /// How long a run whose rows are all in files still waits for the service's count. The count is requested before
    /// the first page, so as a rule it has arrived by then.
    private static let patienceForRowCount = Duration.milliseconds(250)

    /// The service's own count. It only informs, so it is requested once, and may be refused, missing or late.
    private static func outputRows(
        of queryExecutionID: String, _ client: AthenaClient, _ logger: Logger,
        _ report: @Sendable (Progress) -> Void
    ) async -> Int? {
        do {
            let rows = try await client.outputRows(queryExecutionID)
            if let rows { report(.total(rows: rows)) }
            return rows
        } catch {
            logger.debug(
                "no row count from the service", metadata: ["event": "row_count_unknown", "error": "\(error)"])
            return nil
        }
    }

    private func reconcile(_ expectedRows: Int?) async {
        guard let expectedRows, let rows = await journal.state?.checkpoint.rowsExported else { return }
        // Whether the service counts the header row is not documented, so one more is no difference.
        if rows == expectedRows || rows + 1 == expectedRows { return }
        logger.warning(
            "Athena reported another number of rows than were read",
            metadata: [
                "event": "row_count_differs", "service": .stringConvertible(expectedRows),
                "read": .stringConvertible(rows),
            ])
    }
}

extension Task where Failure == Never {
    /// The task's result; nil if it takes longer than the limit, and then the task is cancelled.
    fileprivate func value<Wrapped: Sendable>(within limit: Duration) async -> Wrapped? where Success == Wrapped? {
        await withTaskGroup(of: Success.self) { group in
            group.addTask { await self.value }
            group.addTask {
                try? await Task<Never, Never>.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            // Also ends the group, which waits for both tasks.
            self.cancel()
            group.cancelAll()
            return first
        }
    }
}
