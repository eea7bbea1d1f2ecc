import AWS
import BatchExport
import Digest
import Logging

extension AthenaExport {
    /// Exports the rows of a finished query, from whatever source serves.
    ///
    /// - Parameter early: for how long the result may be missing.
    func exportRows(of execution: QueryExecution, _ state: ExportState, early: EarlyAnswers) async throws {
        let sent = try sentQuery(of: state)
        if let sent, sent.unload != nil {
            do {
                return try await exportUnloadedRows(of: execution, sent, state, early: early)
            } catch AthenaExportError.unload(.objectGone(let location)) {
                throw AthenaExportError.unload(try await gone(location, of: state))
            }
        }
        let results = QueryResults(client: client, queryExecutionID: execution.queryExecutionID, early: early)
        let selection = SourceSelection(
            results: results, s3: s3, mode: options.source, sizes: options.ranges, execution: execution,
            firstBatch: state.firstBatch,
            logger: logger)
        do {
            let selected = try await selection.select(from: options.export.start(of: state))
            try await exportRows(of: execution, from: selected, state, sent)
        } catch let error as AthenaExportError {
            // Batches that were published before the failure stay.
            let state = await journal.state ?? state
            guard let other = selection.fallback(after: error, from: options.export.start(of: state)) else {
                throw error
            }
            try await exportRows(of: execution, from: other, state, sent)
        }
    }

    /// Gives up a run whose query was named by its id and whose objects are not there: another statement takes its place.
    ///
    /// - Returns: the error to throw.
    private func gone(_ object: S3Location, of state: ExportState) async throws -> UnloadError {
        guard let query = state.query, query.clientRequestToken == nil else { return .objectGone(object) }
        try await journal.saveUnlessExported(state.failed(query))
        return .objectRemoved(
            object, queryExecutionID: query.queryExecutionID,
            hasRowsInFiles: await journal.state?.isUnfinished == true)
    }

    private func exportRows(
        of execution: QueryExecution, from selected: SelectedSource, _ state: ExportState, _ sent: SentQuery?
    ) async throws {
        if selected.checkpoint.rowsExported < options.export.start(of: state).rowsExported {
            logger.notice(
                "another source than before; reading the result again from its beginning",
                metadata: ["event": "source_changed", "source": "\(selected.source.name)"])
        }
        let exporter = await exporter(of: execution, state, source: selected.source.name, note: selected.note)
        let source = sent.map { RenamedSource(source: selected.source, sent: $0) } ?? selected.source
        try await exporter.export(from: source, state: state.beginning(at: selected.checkpoint))
    }

    /// - Parameters:
    ///   - source: how rows are read.
    ///   - note: why they are not read by a better source, if they might have been.
    func exporter(
        of execution: QueryExecution, _ state: ExportState, source: String, note: String?
    ) async -> Exporter {
        // A resumed run keeps its source, so the reason for a fallback is carried over from the manifest.
        let before = await journal.manifest?.run(named: state.runID)
        let facts = RunFacts(
            querySHA256: SHA256.hex(statement(of: execution, state)),
            parametersSHA256: options.query.parametersSHA256, catalog: options.query.started?.catalog,
            database: options.query.started?.database, source: source,
            sourceNote: note ?? (before?.source == source ? before?.sourceNote : nil),
            dataScannedBytes: execution.dataScannedInBytes, reusedPreviousResult: execution.reusedPreviousResult,
            effectiveEngineVersion: execution.effectiveEngineVersion, changesOnly: options.export.changes != nil)
        return Exporter(journal: journal, options: options.export, facts: facts, logger: logger) { [report] in
            report(.export($0))
        }
    }

    /// The query's own text; for a query that was named by its id, the whole text that Athena has run.
    private func statement(of execution: QueryExecution, _ state: ExportState) -> String {
        guard state.sourceState != nil, let query = options.query.started else {
            return execution.query ?? options.query.started?.statement ?? ""
        }
        return query.filled(with: state.cursor?.from).statement
    }
}

extension ExportState {
    fileprivate func beginning(at checkpoint: Checkpoint) -> ExportState {
        guard case .exporting(let query, _) = phase else { return self }
        var state = self
        state.phase = .exporting(query, checkpoint)
        return state
    }
}
