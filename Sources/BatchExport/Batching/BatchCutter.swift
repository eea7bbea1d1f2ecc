/// A page together with the bookmark that led to it.
struct PageAt: Sendable {
    let bookmark: Bookmark
    let page: ResultPage
}

/// A closed batch and where the next one begins in the result.
struct SealedBatch: Sendable {
    let schema: ResultSchema
    var content: BatchContent
    let end: Bookmark
    /// Of the last row that was read, loadable or not.
    let lastRowSHA256: String?
    /// The highest value of the cursor column up to the end, if there is such a column.
    let highestCursor: CursorValue?

    /// Where the next batch begins.
    ///
    /// - Parameter checkpoint: where this one does.
    func end(after checkpoint: Checkpoint) -> Checkpoint {
        Checkpoint(
            bookmark: end, rowsExported: checkpoint.rowsExported + content.counts.rowsRead,
            duplicateRows: checkpoint.duplicateRows + content.counts.duplicateRows,
            rejectedRows: checkpoint.rejectedRows + content.counts.rejectedRows,
            nextBatch: checkpoint.nextBatch + 1, lastRowSHA256: lastRowSHA256, highestCursor: highestCursor)
    }
}

/// Cuts the pages of a result into batches. Pure: pages in, batches out.
struct BatchCutter {
    let schema: ResultSchema
    private var builder: BatchBuilder
    /// Data rows of the result before the next one.
    private(set) var rowsRead: Int
    /// Rows before the bookmark that the run began with, as far as no page has held them yet.
    private var rowsToSkip: Int
    /// Rows of the current page that are behind us: those skipped at first, then those encoded.
    private var nextRow: Int?
    /// Of the row before the next one, as far as a page border hides it.
    private var lastRowSHA256: String?
    private var cursor: CursorTracker?

    /// - Throws: ``ExportError/schema(_:)`` if the rows cannot be told apart by the cursor column.
    init(schema: ResultSchema, options: ExportOptions, from checkpoint: Checkpoint) throws(ExportError) {
        self.schema = schema
        if let column = options.cursorColumn {
            cursor = try CursorTracker(column: column, in: schema.columns, seen: checkpoint.highestCursor)
        }
        builder = BatchBuilder(schema: schema, format: options.format, limits: options.limits)
        rowsRead = checkpoint.rowsExported
        rowsToSkip = checkpoint.bookmark.rowsIntoPage
        lastRowSHA256 = checkpoint.lastRowSHA256
    }

    /// Takes rows of the page until a batch is full or, on the last page, until the result ends.
    ///
    /// - Returns: nil when the page is used up and the batch is still open; then the next page is due.
    mutating func nextBatch(from page: PageAt) throws(ExportError) -> SealedBatch? {
        let block = page.page.block
        var row: Int
        if let nextRow { row = nextRow } else { row = try firstRow(of: page) }
        let taken = row..<row + (try builder.append(block, rows: row..<block.rowCount, number: rowsRead + 1))
        try cursor?.see(block, rows: taken, number: rowsRead + 1)
        rowsRead += taken.count
        row = taken.upperBound
        if builder.isFull {
            nextRow = row
            return seal(at: row, of: page)
        }
        if page.page.next == nil, builder.rowsRead > 0 {
            nextRow = row
            return seal(at: row, of: page)
        }
        nextRow = nil
        if row > 0, rowsToSkip == 0 { lastRowSHA256 = block.sha256(ofRow: row - 1) }
        return nil
    }

    /// Blocks of the open batch that can be compressed already.
    mutating func takeClosedBlocks() -> [Chunk] { builder.takeClosedBlocks() }

    private mutating func firstRow(of page: PageAt) throws(ExportError) -> Int {
        guard page.page.columns == schema.columns else {
            throw .inconsistentSource(
                "the columns changed between two pages of one result, after row \(rowsRead); "
                    + "run the query again with --restart")
        }
        let skipped = min(rowsToSkip, page.page.block.rowCount)
        rowsToSkip -= skipped
        guard rowsToSkip == 0 || page.page.next != nil else {
            throw .inconsistentSource(
                "the result now ends \(rowsToSkip) rows before the place that was exported to; "
                    + "give the run up with --restart")
        }
        if skipped > 0, rowsToSkip == 0, let lastRowSHA256,
            lastRowSHA256 != page.page.block.sha256(ofRow: skipped - 1)
        {
            throw .inconsistentSource(
                "row \(rowsRead) of the result is not the one that was exported as such: state.json leads to another "
                    + "place, or the result was replaced; restore the file, or give the run up with --restart")
        }
        return skipped
    }

    private mutating func seal(at row: Int, of page: PageAt) -> SealedBatch {
        var end = page.bookmark
        end.rowsIntoPage = row
        // At the end of a page the next batch begins with the next page, so a resume need not fetch this one again.
        if row == page.page.block.rowCount, let next = page.page.next { end = next }
        if row > 0 { lastRowSHA256 = page.page.block.sha256(ofRow: row - 1) }
        return SealedBatch(
            schema: schema, content: builder.seal(), end: end, lastRowSHA256: lastRowSHA256,
            highestCursor: cursor?.value)
    }
}
