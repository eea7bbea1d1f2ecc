/// A batch that takes no more rows, and where the next one begins in the result.
struct SealedBatch: Sendable {
    /// What the rows are for.
    enum Kind: Sendable {
        case rows
        /// Keys to delete. They are no rows of the result.
        case deletes
    }

    var kind = Kind.rows
    let schema: ResultSchema
    let counts: BatchCounts
    /// Chunks of the file.
    let chunkCount: Int
    /// Bytes of the file before compression.
    let uncompressedBytes: Int
    /// Rejected rows as NDJSON, in chunks; empty if there are none.
    let rejected: [[UInt8]]
    /// Where the next batch begins.
    let end: Bookmark
    /// Digest of the last row that was read, loadable or not.
    let lastRowSHA256: String?
    /// The highest value of the cursor column up to the end, if there is such a column.
    let highestCursor: CursorValue?

    /// Where the next batch begins.
    ///
    /// - Parameter checkpoint: where this one does.
    func end(after checkpoint: Checkpoint) -> Checkpoint {
        var next = checkpoint
        if counts.takesNumber { next.nextBatch += 1 }
        guard kind == .rows else {
            next.deletedRows += counts.rows
            return next
        }
        next.bookmark = end
        next.rowsExported += counts.rowsRead
        next.duplicateRows += counts.duplicateRows
        next.rejectedRows += counts.rejectedRows
        next.unchangedRows += counts.unchangedRows
        next.lastRowSHA256 = lastRowSHA256
        next.highestCursor = highestCursor
        return next
    }
}

/// The numbers of a batch's rows by their fate.
struct BatchCounts: Sendable {
    /// Rows in the file.
    let rows: Int
    let duplicateRows: Int
    let rejectedRows: Int
    /// Rows that the table held already.
    var unchangedRows = 0

    var rowsRead: Int { rows + duplicateRows + rejectedRows + unchangedRows }

    /// Whether the batch has a file, of rows or of rejected ones, and so a number that no other has.
    var takesNumber: Bool { rows + rejectedRows > 0 }
}
