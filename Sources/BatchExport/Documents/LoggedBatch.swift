import JSON

/// The entries of a batch and of its run in the manifest once the batch is published.
struct LoggedBatch: Equatable {
    /// The run's entry after the batch.
    let run: Manifest.Run
    /// Nil if every row of the batch was rejected, so that it has no file.
    let batch: Manifest.Batch?
    /// The result's data rows before the batch. A gap shows that a line is missing.
    let rowsBefore: Int

    var json: JSONValue {
        var object: JSONObject = ["rows_before": .integer(rowsBefore), "run": run.json]
        object["batch"] = batch?.json
        return .object(object)
    }

    init(run: Manifest.Run, batch: Manifest.Batch?, rowsBefore: Int) {
        self.run = run
        self.batch = batch
        self.rowsBefore = rowsBefore
    }

    init(_ field: JSONField) throws(JSONError) {
        rowsBefore = try field.member("rows_before").count()
        run = try Manifest.Run(field.member("run"))
        batch = try field.optionalMember("batch").map { (field) throws(JSONError) in try Manifest.Batch(field) }
    }

    /// Whether the figures fit each other.
    fileprivate var isConsistent: Bool {
        guard run.status == .running, run.rowsRead > rowsBefore else { return false }
        guard let batch else { return true }
        return batch.runID == run.runID && batch.firstRow == rowsBefore + 1 && batch.lastRow == run.rowsRead
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
        _ logged: LoggedBatch, in directory: ExportDirectory, hasFile: (Batch) -> Bool
    ) -> Addition {
        guard logged.isConsistent else { return .refused }
        let known = runs.last { $0.runID == logged.run.runID && $0.firstBatch == logged.run.firstBatch }
        if let known, known.status != .running || known.rowsRead >= logged.run.rowsRead { return .known }
        guard known?.rowsRead ?? 0 == logged.rowsBefore else { return .refused }
        if let batch = logged.batch {
            guard batch.sequence > batches.last?.sequence ?? 0, !isPruned(batch.sequence),
                batch.path == directory.dataPath(sequence: batch.sequence, format: fileFormat), hasFile(batch)
            else { return .refused }
            record(batch)
        }
        record(logged.run)
        return .added
    }
}
