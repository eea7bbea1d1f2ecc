/// Facts about a run in the manifest beside its rows.
package struct RunFacts: Sendable {
    /// Digest of the statement's text.
    package let querySHA256: String
    /// Digest of the execution parameters as they were given; nil for a query that another process started.
    package let parametersSHA256: String?
    /// The requested catalog; nil for the service's default.
    package let catalog: String?
    package let database: String?
    /// How rows are read: `api`, `s3`, `unload`.
    package let source: String
    /// Why rows are not read by a faster source.
    package let sourceNote: String?
    package let dataScannedBytes: Int?
    /// Whether the service took the result of an equal query before this one; nil if it does not say.
    package let reusedPreviousResult: Bool?
    /// The engine that the query ran on, as the service calls it; nil if it does not say.
    package let effectiveEngineVersion: String?
    /// Whether rows that the table held already are counted instead of written.
    package let changesOnly: Bool

    package init(
        querySHA256: String, parametersSHA256: String? = nil, catalog: String? = nil, database: String? = nil,
        source: String, sourceNote: String? = nil,
        dataScannedBytes: Int?, reusedPreviousResult: Bool? = nil, effectiveEngineVersion: String? = nil,
        changesOnly: Bool = false
    ) {
        self.querySHA256 = querySHA256
        self.parametersSHA256 = parametersSHA256
        self.catalog = catalog
        self.database = database
        self.source = source
        self.sourceNote = sourceNote
        self.dataScannedBytes = dataScannedBytes
        self.reusedPreviousResult = reusedPreviousResult
        self.effectiveEngineVersion = effectiveEngineVersion
        self.changesOnly = changesOnly
    }

    /// The manifest's entry for a run at a checkpoint.
    func run(_ state: ExportState, query: ExportState.QueryIdentity, checkpoint: Checkpoint) -> Manifest.Run {
        var cursor: Manifest.Run.Cursor?
        if let from = state.cursor?.from, let to = state.cursor?.end(seen: checkpoint.highestCursor) {
            cursor = Manifest.Run.Cursor(column: state.cursor?.column ?? "", from: from.text, to: to.text)
        }
        return Manifest.Run(
            runID: state.runID, status: .running, queryExecutionID: query.queryExecutionID,
            querySHA256: querySHA256, source: source, sourceNote: sourceNote, startedAt: state.startedAt,
            completedAt: nil,
            rows: checkpoint.rows, duplicateRows: checkpoint.duplicateRows, rejectedRows: checkpoint.rejectedRows,
            unchangedRows: changesOnly ? checkpoint.unchangedRows : nil, dataScannedBytes: dataScannedBytes,
            reusedPreviousResult: reusedPreviousResult, effectiveEngineVersion: effectiveEngineVersion,
            queryReruns: state.queryReruns, cursor: cursor,
            parametersSHA256: parametersSHA256, catalog: catalog, database: database, firstBatch: state.firstBatch)
    }
}
