import JSON

/// The entries of a batch and of its run in the manifest once the batch is published.
struct LoggedBatch: Equatable {
    /// The run's entry after the batch.
    let run: Manifest.Run
    /// Nil if no row of the batch was written, so that it has no file.
    let entry: Manifest.Entry?
    /// The result's data rows before the batch. A gap shows that a line is missing.
    let rowsBefore: Int

    var json: JSONValue {
        var object: JSONObject = ["rows_before": .integer(rowsBefore), "run": run.json]
        switch entry {
        case .rows(let batch)?: object["batch"] = batch.json
        case .deletes(let deletes)?: object["deletes"] = deletes.json
        case nil: break
        }
        return .object(object)
    }

    init(run: Manifest.Run, entry: Manifest.Entry?, rowsBefore: Int) {
        self.run = run
        self.entry = entry
        self.rowsBefore = rowsBefore
    }

    init(_ field: JSONField) throws(JSONError) {
        rowsBefore = try field.member("rows_before").count()
        run = try Manifest.Run(field.member("run"))
        if let deletes = try field.optionalMember("deletes") {
            entry = .deletes(try Manifest.Deletes(deletes))
        } else {
            entry = try field.optionalMember("batch").map { (field) throws(JSONError) in
                .rows(try Manifest.Batch(field))
            }
        }
    }

    /// Whether the figures fit each other.
    fileprivate var isConsistent: Bool {
        guard run.status == .running, entry.map({ $0.runID == run.runID }) ?? true else { return false }
        // Deletes come behind the last row.
        if case .deletes = entry { return run.rowsRead == rowsBefore }
        guard run.rowsRead > rowsBefore else { return false }
        guard case .rows(let batch) = entry else { return true }
        return batch.firstRow == rowsBefore + 1 && batch.lastRow == run.rowsRead
            && batch.rowsRead == run.rowsRead - rowsBefore
    }
}

extension Manifest {
    /// The result of adding a logged batch.
    enum Addition {
        case added
        /// The manifest has it already: a crash came between the manifest and the end of the log.
        case known
        /// It does not continue what the manifest has.
        case refused
    }

    /// Adds a batch from the log, if it is the next one of its run.
    ///
    /// - Parameter hasFile: whether a batch's file exists: in a directory that was copied under a running export, the
    ///   log can be newer than the data.
    mutating func add(
        _ logged: LoggedBatch, in directory: ExportDirectory, hasFile: (Entry) -> Bool
    ) -> Addition {
        guard logged.isConsistent else { return .refused }
        // A run that was given up and the one in its place can have one name, and one first batch too.
        let known = runs.last {
            $0.runID == logged.run.runID && $0.startedAt == logged.run.startedAt
                && $0.firstBatch == logged.run.firstBatch
        }
        if let known, known.status != .running || isKnown(logged, of: known) { return .known }
        guard known?.rowsRead ?? 0 == logged.rowsBefore else { return .refused }
        if let entry = logged.entry {
            guard entry.sequence > lastSequence, !isPruned(entry.sequence),
                entry.file.path == directory.path(of: entry, format: fileFormat), hasFile(entry)
            else { return .refused }
            record(entry)
        }
        record(logged.run)
        return .added
    }

    private func isKnown(_ logged: LoggedBatch, of run: Run) -> Bool {
        if case .deletes(let deletes) = logged.entry { return entry(deletes.sequence) == logged.entry }
        return run.rowsRead >= logged.run.rowsRead
    }
}
