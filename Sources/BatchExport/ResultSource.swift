/// Any source of result rows, read in order from any bookmark.
package protocol ResultSource: Sendable {
    /// The name of the source in the manifest: `api`, `s3`, `unload`.
    var name: String { get }

    /// The part of the result in which a bookmark lies.
    ///
    /// The same bookmark always gives the same rows.
    /// - Throws: ``BookmarkRefused`` if the source no longer knows the bookmark but still has the result; ``RowTooLong``.
    func page(at bookmark: Bookmark) async throws -> ResultPage
}

/// The source does not know a bookmark any more; the result can still be read from its beginning.
package struct BookmarkRefused: Error {
    package init() {}
}

/// The limit for one row.
package enum LongestRow {
    /// Of its text: in a file, and where a source has it. A row of Athena has at most 32 MB, and no byte of it takes more
    /// than six.
    package static let bytes = 192 << 20
}

/// The source cannot give a page, since a row in it is longer than a row may be.
package struct RowTooLong: Error {
    /// Rows of that page in front of it.
    package let rowsBefore: Int
    /// The most bytes of a row.
    package let limit: Int

    package init(rowsBefore: Int, limit: Int) {
        self.rowsBefore = rowsBefore
        self.limit = limit
    }
}

/// A place between two rows of a result.
package struct Bookmark: Sendable, Equatable {
    /// The token that was sent for the page in which the next row lies; nil for the first page.
    package var pageToken: String?
    /// Data rows from the beginning of that page to the bookmark; a header row does not count. They may reach into
    /// later pages, since not every source cuts a result into the same pages.
    package var rowsIntoPage: Int
    /// For sources that are several streams of bytes: the stream in which the page begins, from 0; nil for other sources.
    package var object: Int?
    /// For sources that are streams of bytes: the offset at which the page begins; of a compressed stream, in its
    /// decompressed bytes.
    package var byteOffset: Int
    /// For sources that are streams of bytes: the version of the stream. A bookmark of one version is not valid in another.
    package var etag: String?

    package init(
        pageToken: String? = nil, rowsIntoPage: Int = 0, object: Int? = nil, byteOffset: Int = 0, etag: String? = nil
    ) {
        self.pageToken = pageToken
        self.rowsIntoPage = rowsIntoPage
        self.object = object
        self.byteOffset = byteOffset
        self.etag = etag
    }

    package static let start = Bookmark()
}

/// Some rows of a result.
package struct ResultPage: Sendable {
    /// Where the page begins.
    package let bookmark: Bookmark
    package let columns: [Column]
    package let block: RowBlock
    /// Where the page after this one begins; nil at the end of the result. A page without rows is not the end.
    package let next: Bookmark?

    package init(at bookmark: Bookmark, columns: [Column], block: RowBlock, next: Bookmark?) {
        self.bookmark = bookmark
        self.columns = columns
        self.block = block
        self.next = next
    }
}
