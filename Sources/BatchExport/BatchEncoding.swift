/// A page together with the bookmark that led to it.
struct PageAt: Sendable {
    let bookmark: Bookmark
    let page: ResultPage
}

/// A closed batch and where the next one begins in the result.
struct SealedBatch: Sendable {
    let schema: ResultSchema
    let content: BatchContent
    let end: Bookmark
}

/// Cuts the pages of a result into batches. Pure: pages in, batches out.
struct BatchEncoding {
    let schema: ResultSchema
    private var builder: BatchBuilder
    /// Data rows of the result before the next one.
    private(set) var rowsRead: Int
    /// Rows before the bookmark that the run began with, as far as no page has held them yet.
    private var rowsToSkip: Int
    /// Rows of the current page that are behind us: those skipped at first, then those encoded.
    private var nextRow: Int?

    init(schema: ResultSchema, options: ExportOptions, from checkpoint: Checkpoint) {
        self.schema = schema
        builder = BatchBuilder(schema: schema, format: options.format, limits: options.limits)
        rowsRead = checkpoint.rowsExported
        rowsToSkip = checkpoint.bookmark.rowsIntoPage
    }

    /// Takes rows of the page until a batch is full or, on the last page, until the result ends.
    ///
    /// - Returns: nil when the page is used up and the batch is still open; then the next page is due.
    mutating func nextBatch(from page: PageAt) throws(ExportError) -> SealedBatch? {
        let block = page.page.block
        var row: Int
        if let nextRow { row = nextRow } else { row = try firstRow(of: page) }
        while row < block.rowCount {
            rowsRead += 1
            try builder.append(block, row: row, number: rowsRead)
            row += 1
            if builder.isFull {
                nextRow = row
                return seal(at: row, of: page)
            }
        }
        if page.page.next == nil, builder.rowsRead > 0 {
            nextRow = row
            return seal(at: row, of: page)
        }
        nextRow = nil
        return nil
    }

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
        return skipped
    }

    private mutating func seal(at row: Int, of page: PageAt) -> SealedBatch {
        var end = page.bookmark
        end.rowsIntoPage = row
        // At the end of a page the next batch begins with the next page, so a resume need not fetch this one again.
        if row == page.page.block.rowCount, let next = page.page.next { end = next }
        return SealedBatch(schema: schema, content: builder.seal(), end: end)
    }
}
