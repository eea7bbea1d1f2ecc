import BatchExport

extension RangeCut {
    /// The rows of whole records, without the header if they begin with it; none where no record ends. To be asked for
    /// once.
    ///
    /// - Parameter object: that the range is of.
    func pages(of object: ResultObject, columns: [ColumnInfo]) throws(AthenaExportError) -> [ResultPage] {
        let blocks: [(rows: RowBlock, next: Int)]
        do {
            blocks = try self.blocks(columnCount: columns.count)
        } catch {
            throw error.isNotUTF8
                ? .resultNotUTF8(object.location, offset: error.offset)
                : .malformedResult(object.location, offset: error.offset, reason: error.reason)
        }
        var pages: [ResultPage] = []
        var bookmark = Bookmark(byteOffset: offset, etag: object.etag)
        for (index, block) in blocks.enumerated() {
            let isFirst = offset == 0 && index == 0
            let next = Bookmark(byteOffset: block.next, etag: object.etag)
            pages.append(
                ResultPage(
                    at: bookmark, columns: columns.map(\.column),
                    block: isFirst ? try Self.withoutHeader(block.rows, columns, of: object) : block.rows,
                    next: isLast && index == blocks.count - 1 ? nil : next))
            bookmark = next
        }
        return pages
    }

    /// The object always begins with the names.
    private static func withoutHeader(
        _ rows: RowBlock, _ columns: [ColumnInfo], of object: ResultObject
    ) throws(AthenaExportError) -> RowBlock {
        guard let rest = HeaderRule.withoutHeader(rows, columns) else {
            throw .malformedResult(
                object.location, offset: 0,
                reason: "the first line does not have the column names that the service gives")
        }
        return rest
    }
}
