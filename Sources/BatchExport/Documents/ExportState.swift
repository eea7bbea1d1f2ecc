package import JSON

/// The newest run and how far it got: the content of `state.json`.
package struct ExportState: Sendable, Equatable {
    package let runID: String
    package let request: ExportRequest
    package let startedAt: String
    /// The sequence of the run's first batch.
    package let firstBatch: Int
    /// How often the query was sent again because the one before it failed.
    package var queryReruns: Int
    /// Whether the run is about to stop its query, or has. A query that then ends CANCELLED may be sent again.
    package var isStoppingQuery = false
    /// Why the run's last process ended, if it ended with an error. Only shown to users; no later run depends on it.
    package var failure: String?
    /// The query that this run sent and had stopped in Athena; nil once another one is sent in its place, and once it turns
    /// out that it had ended before the stop.
    package var stoppedQueryExecutionID: String?
    /// Nil if no run of the directory has used a cursor.
    package var cursor: CursorState?
    /// The URL that the files are to be uploaded to once the run has succeeded; nil once they are there, and for a run
    /// that uploads nothing.
    package var pendingUpload: String?
    /// What the run's source must know again after a crash, in its own terms; nil for one that keeps nothing.
    package var sourceState: JSONValue?
    package var phase: Phase

    package init(
        runID: String, request: ExportRequest, startedAt: String, firstBatch: Int, queryReruns: Int = 0,
        cursor: CursorState? = nil, phase: Phase
    ) {
        self.runID = runID
        self.request = request
        self.startedAt = startedAt
        self.firstBatch = firstBatch
        self.queryReruns = queryReruns
        self.cursor = cursor
        self.phase = phase
    }

    /// What has been promised so far. Saved at each step before the work that it stands for can be lost.
    package enum Phase: Sendable, Equatable {
        /// The query may have been sent with this token; sending it again is the same query.
        case starting(clientRequestToken: String)
        /// The query exists; rows up to the checkpoint are in files.
        case exporting(QueryIdentity, Checkpoint)
        case succeeded(QueryIdentity, Checkpoint)
        /// The query ended without a result or, without an id, was never accepted: the run cannot be continued.
        case failed(QueryIdentity?)
    }

    /// The query that a run reads: the token that started it, and its id.
    package struct QueryIdentity: Sendable, Equatable {
        /// Nil for a query that another process started.
        package let clientRequestToken: String?
        package let queryExecutionID: String

        package init(clientRequestToken: String?, queryExecutionID: String) {
            self.clientRequestToken = clientRequestToken
            self.queryExecutionID = queryExecutionID
        }
    }

    /// Whether the run can be continued.
    package var isUnfinished: Bool {
        switch phase {
        case .starting, .exporting: true
        case .succeeded, .failed: false
        }
    }

    /// Whether there must be a manifest: a run that has succeeded has written it, and so has one that has done a part of
    /// its result.
    package var needsManifest: Bool {
        if case .succeeded = phase { true } else { !checkpoint.isAtStart }
    }

    /// Whether the run, if it is resumed, reads its result from the beginning again: ``ExportOptions/start(of:)``.
    package var readsResultAgain: Bool { request.parts.contains(.changesOnly) && !checkpoint.isAtStart }

    package var query: QueryIdentity? {
        switch phase {
        case .starting: nil
        case .exporting(let query, _), .succeeded(let query, _): query
        case .failed(let query): query
        }
    }

    package var checkpoint: Checkpoint {
        switch phase {
        case .starting, .failed: Checkpoint(nextBatch: firstBatch)
        case .exporting(_, let checkpoint), .succeeded(_, let checkpoint): checkpoint
        }
    }
}

/// Everything before this point is in files that the manifest or the log of batches lists.
package struct Checkpoint: Sendable, Equatable {
    /// Where the next batch begins in the result.
    package var bookmark: Bookmark
    /// Data rows of the result before the bookmark, duplicate and rejected ones included.
    package var rowsExported: Int
    package var duplicateRows: Int
    package var rejectedRows: Int
    /// Rows that the table held already.
    package var unchangedRows = 0
    /// Keys in files of deletes, which come behind the last row.
    package var deletedRows = 0
    /// The sequence of the next batch.
    package var nextBatch: Int
    /// Digest of the row before the bookmark, by which a resume checks its place.
    package var lastRowSHA256: String?
    /// The highest value of the cursor column before the bookmark; nil without one.
    package var highestCursor: CursorValue?

    package init(
        bookmark: Bookmark = .start, rowsExported: Int = 0, duplicateRows: Int = 0, rejectedRows: Int = 0,
        nextBatch: Int, lastRowSHA256: String? = nil, highestCursor: CursorValue? = nil
    ) {
        self.bookmark = bookmark
        self.rowsExported = rowsExported
        self.duplicateRows = duplicateRows
        self.rejectedRows = rejectedRows
        self.nextBatch = nextBatch
        self.lastRowSHA256 = lastRowSHA256
        self.highestCursor = highestCursor
    }

    /// Whether neither a row nor a deleted key is done.
    package var isAtStart: Bool { rowsExported == 0 && deletedRows == 0 }

    /// Rows in files.
    package var rows: Int { rowsExported - duplicateRows - rejectedRows - unchangedRows }
}
