import BatchExport

/// Rows of a query that was sent inside of an ``OuterSelect``, with the columns that the query itself has.
struct RenamedSource: ResultSource {
    let source: any ResultSource
    let sent: SentQuery

    var name: String { source.name }

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        let page = try await source.page(at: bookmark)
        guard page.columns.map(\.name) == sent.columns.indices.map(OuterSelect.name(ofColumn:)) else {
            throw ExportError.inconsistentSource(
                "the result has other columns than the statement that was sent; send the query again with --restart")
        }
        return ResultPage(
            at: page.bookmark, columns: sent.exportedColumns, block: spacingHexadecimals(page.block), next: page.next)
    }

    private func spacingHexadecimals(_ block: RowBlock) -> RowBlock {
        let forms = sent.forms
        let columns = forms.indices.filter { forms[$0] == .hexadecimal }
        guard !columns.isEmpty else { return block }
        var (bytes, cells) = (block.bytes, block.cells)
        let indices = (0..<block.rowCount).flatMap { row in columns.map { row * block.columnCount + $0 } }
        HexadecimalText.space(indices.filter { !cells[$0].isNull }, of: &cells, in: &bytes)
        return RowBlock(
            bytes: bytes, cells: cells, columnCount: block.columnCount, hasUnloadableCells: block.hasUnloadableCells)
    }
}
