/// A batch that takes no more rows, and where the next one begins in the result.
struct SealedBatch: Sendable {
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
        Checkpoint(
            bookmark: end, rowsExported: checkpoint.rowsExported + counts.rowsRead,
            duplicateRows: checkpoint.duplicateRows + counts.duplicateRows,
            rejectedRows: checkpoint.rejectedRows + counts.rejectedRows,
            nextBatch: checkpoint.nextBatch + 1, lastRowSHA256: lastRowSHA256, highestCursor: highestCursor)
    }
}

/// The numbers of a batch's rows by their fate.
struct BatchCounts: Sendable {
    /// Rows in the file.
    let rows: Int
    let duplicateRows: Int
    let rejectedRows: Int

    var rowsRead: Int { rows + duplicateRows + rejectedRows }
}
