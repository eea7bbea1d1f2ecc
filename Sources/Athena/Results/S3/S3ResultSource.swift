import AWS
import BatchExport

/// Rows of the result object itself, by ranges that are fetched and parsed side by side.
///
/// A page has the rows of one range, or a single row that two ranges share. A page's bookmark is the place of its first
/// record, so a resume needs nothing before it.
actor S3ResultSource: ResultSource {
    nonisolated let name = "s3"
    /// The first page: where reading began.
    nonisolated let start: Bookmark
    private let object: ResultObject
    private let columns: [ColumnInfo]
    private let sizes: RangeSizes
    private var ranges: ResultRanges?
    /// The page that ``ranges`` gives next.
    private var nextBookmark: Bookmark?

    /// Finds the object and begins to read.
    ///
    /// - Parameters:
    ///   - bookmark: where to begin; with the ETag of the version if it is one of this object.
    ///   - patience: for the first request.
    /// - Throws: ``AthenaExportError``, also if the bookmark does not fit the object.
    init(
        _ location: S3Location, at bookmark: Bookmark, columns: [ColumnInfo], sizes: RangeSizes,
        patience: S3Client.Patience, client: S3Client
    ) async throws {
        let (object, first) = try await ResultObject.open(
            location, at: bookmark.byteOffset, etag: bookmark.etag, bytes: sizes.bytes, patience: patience,
            client: client)
        self.object = object
        self.columns = columns
        self.sizes = sizes
        start = Bookmark(rowsIntoPage: bookmark.rowsIntoPage, byteOffset: bookmark.byteOffset, etag: object.etag)
        ranges = ResultRanges(of: object, columns: columns, sizes: sizes, first: first)
        nextBookmark = start
    }

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        if ranges == nil || bookmark.byteOffset != nextBookmark?.byteOffset {
            let end = min(bookmark.byteOffset + sizes.bytes, object.size)
            let first = try await object.read(bookmark.byteOffset..<end)
            ranges = ResultRanges(of: object, columns: columns, sizes: sizes, first: first)
        }
        // Taken out while the next page is awaited; after a page that fails, nothing is left to continue with.
        var ranges = self.ranges.take()
        guard let page = try await ranges?.next() else { throw CancellationError() }
        nextBookmark = page.next
        self.ranges = consume ranges
        return page
    }
}
