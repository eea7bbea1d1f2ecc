import AWS
import BatchExport
import Threading

/// Rows out of the objects that an UNLOAD has written, in the order of their keys.
///
/// A page is a piece of one object's text. Its bookmark is the object and the place in its text, so a resume inflates the
/// object from its beginning and reads the rows from there.
actor UnloadSource: ResultSource {
    nonisolated let name = "unload"
    private let unloaded: UnloadedRows
    private var pages: UnloadedPages?
    /// The page that ``pages`` gives next.
    private var nextBookmark: Bookmark?
    /// Data rows of the result before that page; nil where they are not known.
    private var rowsBefore: Int? = 0
    private let start: Checkpoint

    /// - Parameter start: where the reading begins, of the same objects or at their beginning.
    init(_ unloaded: UnloadedRows, from start: Checkpoint) {
        self.unloaded = unloaded
        self.start = start
    }

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        if pages == nil || bookmark.place != nextBookmark?.place {
            let place = bookmark.place
            let isKnown = place == .beginning || bookmark.etag == unloaded.etag(of: place.object)
            // Read again from the beginning, every batch is compared with the manifest.
            guard isKnown else { throw BookmarkRefused() }
            pages = UnloadedPages(of: unloaded, from: place)
            rowsBefore =
                place == .beginning
                ? 0 : place == start.bookmark.place ? start.rowsExported - start.bookmark.rowsIntoPage : nil
        }
        // Taken out while it is awaited; a page that fails leaves nothing to continue with.
        var pages = self.pages.take()
        guard let page = try await pages?.next() else { throw CancellationError() }
        nextBookmark = page.next
        rowsBefore = rowsBefore.map { $0 + page.block.rowCount }
        if page.next == nil, let expected = unloaded.rowCount, let found = rowsBefore, found != expected {
            throw AthenaExportError.unload(.rowCountDiffers(expected: expected, found: found))
        }
        self.pages = consume pages
        return page
    }
}

/// What an UNLOAD has written.
struct UnloadedRows: Sendable {
    let objects: [UnloadedObject]
    /// The query's own columns, nested ones as JSON.
    let columns: [Column]
    let reader: JSONLinesReader
    /// As Athena counts them; nil if it does not.
    let rowCount: Int?
    let client: S3Client
    let sizes: RangeSizes

    func etag(of object: Int) -> String? { objects.indices.contains(object) ? objects[object].etag : nil }

    func bookmark(_ place: UnloadedPlace) -> Bookmark {
        Bookmark(object: place.object, byteOffset: place.offset, etag: etag(of: place.object))
    }

    /// The next rows of some lines.
    func page(_ lines: UnloadedLines) throws -> UnloadedPage {
        var (bytes, offset) = lines.content.withLock { (exchange(&$0.bytes, with: []), $0.read) }
        let (start, end) = (lines.place.advanced(by: offset), bytes.count)
        let block: RowBlock
        do {
            block = try reader.rows(in: &bytes, at: &offset)
        } catch {
            throw AthenaExportError.unload(
                .malformed(
                    objects[start.object].location, offset: start.offset + error.offset,
                    column: error.column.map { $0 + 1 }, reason: error.reason))
        }
        let isLast = offset == end
        if !isLast { lines.content.withLock { $0 = (bytes, offset) } }
        let next = isLast ? lines.next : lines.place.advanced(by: offset)
        return UnloadedPage(
            page: ResultPage(
                at: bookmark(start), columns: columns, block: block, next: next.map { bookmark($0) }),
            rest: isLast ? nil : lines)
    }
}

/// A page, and the lines that it was made of if they have more rows than one page takes.
struct UnloadedPage: Sendable {
    let page: ResultPage
    let rest: UnloadedLines?
}

/// The pages of unloaded objects from a place on: one piece of text is inflated while others are parsed.
struct UnloadedPages: ~Copyable {
    private let unloaded: UnloadedRows
    private let text: UnloadedText
    private var lastLines: Task<UnloadedLines?, any Error>?
    private var pages: [Task<UnloadedPage?, any Error>] = []

    init(of unloaded: UnloadedRows, from place: UnloadedPlace) {
        self.unloaded = unloaded
        text = UnloadedText(
            of: unloaded.objects, from: place, client: unloaded.client, sizes: unloaded.sizes)
    }

    deinit {
        for page in pages { page.cancel() }
    }

    /// The page that comes next; nil after the last.
    mutating func next() async throws -> ResultPage? {
        while pages.count <= unloaded.sizes.parsed { launch() }
        let pages = pages
        let first = try await withTaskCancellationHandler {
            try await pages[0].value
        } onCancel: {
            for page in pages { page.cancel() }
        }
        if let rest = first?.rest {
            self.pages[0] = Task { [unloaded] in try unloaded.page(rest) }
        } else {
            self.pages.removeFirst()
        }
        return first?.page
    }

    private mutating func launch() {
        let lines = Task { [text, lastLines] in
            guard let lastLines else { return try await text.next() }
            // The text is one stream: a piece is inflated when the one before it was, and whether that one could be parsed
            // does not matter here.
            _ = try await lastLines.value
            return try await text.next()
        }
        lastLines = lines
        pages.append(
            Task { [unloaded] in
                try await withTaskCancellationHandler {
                    try await lines.value.map { try unloaded.page($0) }
                } onCancel: {
                    lines.cancel()
                }
            })
    }
}

extension Bookmark {
    fileprivate var place: UnloadedPlace { UnloadedPlace(object: object ?? 0, offset: byteOffset) }
}

extension UnloadedPlace {
    fileprivate static var beginning: UnloadedPlace { UnloadedPlace(object: 0, offset: 0) }

    /// Further behind in the same text.
    fileprivate func advanced(by bytes: Int) -> UnloadedPlace { UnloadedPlace(object: object, offset: offset + bytes) }
}
