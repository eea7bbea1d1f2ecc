import BatchExport
import Digest
import Logging

extension AthenaExport {
    /// Exports the rows of a finished query, from whatever source serves.
    ///
    /// - Parameter early: for how long the result may be missing.
    func exportRows(of execution: QueryExecution, _ state: ExportState, early: EarlyAnswers) async throws {
        let results = QueryResults(client: client, queryExecutionID: execution.queryExecutionID, early: early)
        let selection = SourceSelection(
            results: results, s3: s3, mode: options.source, sizes: options.ranges, execution: execution,
            firstBatch: state.firstBatch,
            logger: logger)
        do {
            try await exportRows(of: execution, from: try await selection.select(from: state.checkpoint), state)
        } catch let error as AthenaExportError {
            // Batches that were published before the failure stay.
            let state = await journal.state ?? state
            guard let other = selection.fallback(after: error, from: state.checkpoint) else { throw error }
            try await exportRows(of: execution, from: other, state)
        }
    }

    private func exportRows(
        of execution: QueryExecution, from selected: SelectedSource, _ state: ExportState
    ) async throws {
        if selected.checkpoint.rowsExported < state.checkpoint.rowsExported {
            logger.notice(
                "another source than before; reading the result again from its beginning",
                metadata: ["event": "source_changed", "source": "\(selected.source.name)"])
        }
        let source = selected.source.name
        // A resumed run keeps its source, so the reason for a fallback is carried over from the manifest.
        let before = await journal.manifest?.run(named: state.runID)
        let facts = RunFacts(
            querySHA256: SHA256.hex(execution.query ?? options.query.started?.statement ?? ""),
            parametersSHA256: options.query.parametersSHA256, catalog: options.query.started?.catalog,
            database: options.query.started?.database, source: source,
            sourceNote: selected.note ?? (before?.source == source ? before?.sourceNote : nil),
            dataScannedBytes: execution.dataScannedInBytes, reusedPreviousResult: execution.reusedPreviousResult,
            effectiveEngineVersion: execution.effectiveEngineVersion)
        let exporter = Exporter(journal: journal, options: options.export, facts: facts, logger: logger) {
            report(.export($0))
        }
        try await exporter.export(from: selected.source, state: state.beginning(at: selected.checkpoint))
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
