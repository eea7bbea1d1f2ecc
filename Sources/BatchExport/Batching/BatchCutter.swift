/// Cuts the pages of a result into batches. Has no side effects: pages in, batches out.
struct BatchCutter {
    /// Of the files.
    let schema: ResultSchema
    private let arrangement: ColumnArrangement
    private var builder: BatchBuilder
    /// Data rows of the result before the next one.
    private(set) var rowsRead: Int
    /// Rows before the bookmark that the run began with which no page has brought yet.
    private var rowsToSkip: Int
    /// The first row of the current page that is neither skipped nor encoded; nil before a page's first row is known.
    private var nextRow: Int?
    /// The rows of the current page, as the files have them.
    private var block: RowBlock?
    /// Digest of the last row of the previous page or of the newest sealed batch, whichever is later.
    private var lastRowSHA256: String?
    private var cursor: CursorTracker?
    private let changes: ChangeFilter?
    /// For each row of the current page whether the table holds it already; empty if every row is written.
    private var isHeld: [Bool] = []

    /// - Parameters:
    ///   - schema: of the files.
    ///   - columns: of the result.
    ///   - changes: tells the rows that need not be written; nil if all of them are.
    /// - Throws: ``ExportError/options(_:)`` if the cursor column is missing or has no order.
    init(
        schema: ResultSchema, columns: [Column], options: ExportOptions, changes: ChangeFilter? = nil,
        from checkpoint: Checkpoint
    ) throws(ExportError) {
        self.schema = schema
        self.changes = changes
        arrangement = ColumnArrangement(from: columns, to: schema)
        if let column = options.cursorColumn {
            cursor = try CursorTracker(column: column, in: schema.columns, seen: checkpoint.highestCursor)
        }
        builder = BatchBuilder(schema: schema, format: options.format, limits: options.limits)
        rowsRead = checkpoint.rowsExported
        rowsToSkip = checkpoint.bookmark.rowsIntoPage
        lastRowSHA256 = checkpoint.lastRowSHA256
    }

    /// What came of taking rows.
    struct Cut {
        /// Of the open batch or of the one that was sealed: those that can be compressed now. Each chunk is given once,
        /// and again if it has changed.
        let chunks: [Chunk]
        /// Nil when the page is used up and the batch is still open; then the next page is due.
        let batch: SealedBatch?
    }

    /// Takes rows of the page until a batch is full or, on the last page, until the result ends.
    mutating func cut(_ page: ResultPage) throws(ExportError) -> Cut {
        var row: Int
        if let nextRow { row = nextRow } else { row = try firstRow(of: page) }
        let block: RowBlock
        if let arranged = self.block { block = arranged } else { block = try arranged(page.block) }
        self.block = block
        let count = try builder.append(block, rows: row..<block.rowCount, number: rowsRead + 1, isHeld: isHeld)
        let taken = row..<row + count
        try cursor?.see(block, rows: taken, number: rowsRead + 1)
        rowsRead += taken.count
        row = taken.upperBound
        if builder.isFull {
            nextRow = row
            return seal(at: row, of: page)
        }
        if page.next == nil, builder.rowsRead > 0 {
            nextRow = row
            return seal(at: row, of: page)
        }
        nextRow = nil
        self.block = nil
        if row > 0, rowsToSkip == 0 { lastRowSHA256 = page.block.sha256(ofRow: row - 1) }
        return Cut(chunks: builder.takeClosedChunks(), batch: nil)
    }

    private mutating func arranged(_ block: RowBlock) throws(ExportError) -> RowBlock {
        let block = arrangement.arranged(block)
        if let changes { isHeld = try changes.heldRows(of: block) }
        return block
    }

    private mutating func firstRow(of page: ResultPage) throws(ExportError) -> Int {
        guard page.columns == arrangement.columns else {
            throw .inconsistentSource(
                "the columns changed between two pages of one result, after row \(rowsRead); "
                    + "run the query again with --restart")
        }
        let skipped = min(rowsToSkip, page.block.rowCount)
        rowsToSkip -= skipped
        guard rowsToSkip == 0 || page.next != nil else {
            throw .inconsistentSource(
                "the result now ends \(rowsToSkip) rows before the place that was exported to; "
                    + "give the run up with --restart")
        }
        if skipped > 0, rowsToSkip == 0, let lastRowSHA256,
            lastRowSHA256 != page.block.sha256(ofRow: skipped - 1)
        {
            throw .inconsistentSource(
                "row \(rowsRead) of the result is not the one that was exported as such: state.json leads to another "
                    + "place, or the result was replaced; restore the file, or give the run up with --restart")
        }
        return skipped
    }

    private mutating func seal(at row: Int, of page: ResultPage) -> Cut {
        var end = page.bookmark
        end.rowsIntoPage = row
        // At the end of a page the next batch begins with the next page, so a resume need not fetch this one again.
        if row == page.block.rowCount, let next = page.next { end = next }
        if row > 0 { lastRowSHA256 = page.block.sha256(ofRow: row - 1) }
        let sealed = builder.seal(at: end, lastRowSHA256: lastRowSHA256, highestCursor: cursor?.value)
        return Cut(chunks: sealed.missing, batch: sealed.batch)
    }
}
