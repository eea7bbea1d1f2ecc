import BatchExport

/// A source that serves pages from memory, by number.
struct MemorySource: ResultSource {
    let name = "memory"
    let columns: [Column]
    let pages: [[[String?]]]
    var refusesTokens = false

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        if refusesTokens, bookmark.pageToken != nil { throw BookmarkRefused() }
        let number = bookmark.pageToken.flatMap(Int.init) ?? 0
        let rows = pages[number]
        let content =
            rows.isEmpty
            ? RowBlock(bytes: [], cells: [], columnCount: columns.count, hasUnloadableCells: false) : block(rows)
        return ResultPage(
            at: bookmark, columns: columns, block: content,
            next: number + 1 < pages.count ? Bookmark(pageToken: String(number + 1)) : nil)
    }
}
