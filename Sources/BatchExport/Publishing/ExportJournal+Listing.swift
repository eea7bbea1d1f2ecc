extension ExportJournal {
    /// For so many listed batches and runs, one more batch may be in the log alone.
    ///
    /// Writing the manifest costs as much as it has entries, so a batch costs this many entries on average, however
    /// many there are. The first batches of a directory are always listed at once.
    private static let entriesPerLoggedBatch = 16

    /// Records a published batch: in the manifest, or in the log until the manifest is written again.
    ///
    /// A file with new columns is listed at once, because the log does not have them.
    /// - Parameter schema: of the batch's file.
    func list(_ batch: LoggedBatch, _ schema: ResultSchema, format: FileFormat) throws(ExportError) {
        let hasNewColumns = batch.entry?.isDeletes == false && schema.columns.count > manifest?.tableColumns.count ?? 0
        guard isManifestDue || hasNewColumns else {
            try log.append(batch)
            // In place: a copy for each batch would cost the square of their number as well.
            if let entry = batch.entry { manifest?.record(entry) }
            manifest?.record(batch.run)
            return
        }
        var manifest = manifest ?? Manifest(table: directory.table, schema: schema, fileFormat: format)
        if let entry = batch.entry {
            if !entry.isDeletes { manifest.addColumns(of: schema, since: entry.sequence) }
            manifest.record(entry)
        }
        manifest.record(batch.run)
        try save(manifest)
    }

    private var isManifestDue: Bool {
        guard let manifest else { return true }
        let listed = manifest.batches.count + manifest.deletes.count + manifest.runs.count - log.count
        return (log.count + 1) * Self.entriesPerLoggedBatch >= listed
    }

    /// Writes the manifest if batches are missing in it, so that it is complete however the process ends, except by a
    /// kill.
    func listAll() throws(ExportError) {
        if log.isOpen, let manifest { try save(manifest) }
    }

    /// Lists the batches that an earlier process logged but could not list.
    func listLogged() throws(ExportError) {
        guard let batches = try BatchLog.read(in: directory) else { return }
        if var manifest {
            var lacksBatches = false
            reading: for batch in batches {
                guard belongsToState(batch) else { break }
                switch manifest.add(batch, in: directory, hasFile: isThere) {
                case .added: lacksBatches = true
                case .known: continue
                case .refused: break reading
                }
            }
            if lacksBatches { try save(manifest) }
        }
        try BatchLog.removeLeftover(in: directory)
    }

    /// A log of another directory belongs to another run. Without a state, the log is all that is known.
    private func belongsToState(_ batch: LoggedBatch) -> Bool {
        guard let state else { return true }
        return batch.run.runID == state.runID && batch.run.queryExecutionID == state.query?.queryExecutionID
    }
}

// MARK: - Without a log

extension ExportJournal {
    /// Whether batches that the state counts are not listed, as in a copy of the directory whose log is lost.
    func lacksBatches(of state: ExportState) -> Bool {
        guard case .exporting(_, let checkpoint) = state.phase, let manifest else { return false }
        let listed = manifest.entries.filter { (state.firstBatch..<checkpoint.nextBatch).contains($0.sequence) }
        guard listed.allSatisfy({ $0.runID == state.runID }) else { return false }
        let next = (listed.last?.sequence ?? state.firstBatch - 1) + 1
        return next < checkpoint.nextBatch
            && (listed.rowCount < checkpoint.rows || listed.deletedCount < checkpoint.deletedRows)
    }

    /// Puts a run back to the beginning of its result: each of its batches is then compared with its entry or its file,
    /// and listed.
    func beginAgain(_ state: ExportState) throws(ExportError) -> ExportState {
        guard case .exporting(let query, _) = state.phase else { return state }
        var state = state
        state.phase = .exporting(query, Checkpoint(nextBatch: state.firstBatch))
        state.failure = nil
        try save(state)
        return state
    }
}
