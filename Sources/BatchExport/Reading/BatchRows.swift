/// Some whole rows of a file, with their text as it is in the file.
struct RowWindow {
    let block: RowBlock
    /// Where each row's text begins in the block's bytes; the last element is where the last row ends.
    let lineStarts: [UInt32]
}

/// The rows of a batch's file, a window of text at a time.
///
/// A window takes little memory unless a row is longer than it; then as much as the row and a quarter.
struct BatchRows: ~Copyable {
    private var text: BatchText
    private let listed: ListedFile
    private let scanner: any RowScanner
    private let columnCount: Int
    /// The beginning of a row whose end has not been read yet.
    private var carry: [UInt8] = []
    private(set) var rowCount = 0
    private var isHeaderRead = false
    /// Whether there are no more rows, because the text ended or because something in it is no row.
    private var isOver = false

    private let rowLimit: Int
    private static let windowBytes = 256 << 10

    /// - Parameter rowLimit: the bytes that a row may have. One that is longer by less than a window may be read as well.
    init(
        _ listed: ListedFile, in directory: ExportDirectory, format: FileFormat, columns: [Column],
        rowLimit: Int = LongestRow.bytes
    ) throws(BatchDifference) {
        text = try BatchText(listed, in: directory)
        self.rowLimit = rowLimit
        self.listed = listed
        scanner = format.scanner(for: columns)
        columnCount = columns.count
    }

    /// Compressed bytes that were read so far.
    var bytesRead: Int { text.bytesRead }

    /// The next rows; nil after the last one that can be read.
    mutating func next() -> RowWindow? {
        next { (_) in }
    }

    /// The next rows; nil after the last one that can be read.
    ///
    /// - Parameter makeRoom: is called with the bytes of a window before it takes more than it usually does.
    mutating func next<Failure: Error>(
        makingRoom makeRoom: (Int) throws(Failure) -> Void
    ) throws(Failure) -> RowWindow? {
        while !isOver {
            let kept = carry.count
            guard kept <= rowLimit else {
                isTooLong = true
                fail("row \(rowCount + 1): it is longer than \(rowLimit) bytes")
                return nil
            }
            let more = min(max(Self.windowBytes, kept / 4), text.room)
            if kept > Self.windowBytes { try makeRoom(kept + more) }
            var bytes: [UInt8] = []
            swap(&bytes, &carry)
            // Once for all: growing would have the row twice, and pages that are never touched take no memory.
            if kept > 4 * Self.windowBytes { bytes.reserveCapacity(min(kept + text.room, rowLimit + rowLimit / 2)) }
            bytes.append(contentsOf: repeatElement(0, count: more))
            let end = text.fill(&bytes, from: kept)
            let isLast = end < bytes.count
            bytes.removeLast(bytes.count - end)
            if let window = scan(bytes, isLast: isLast) { return window }
        }
        return nil
    }

    /// Reads the rest of the file, compares the whole with the manifest, and returns all differences.
    ///
    /// After a row that cannot be right, the text is not decompressed any more: it can be a thousand times the file.
    consuming func finish() -> [BatchDifference] {
        guard !hasFailed else { return text.finishUnread() }
        isOver = true
        var rest = [UInt8](repeating: 0, count: min(Self.windowBytes, text.room))
        while text.fill(&rest, from: 0) == rest.count {}
        if text.isComplete, rowCount != listed.rows {
            text.note(.rows, "the manifest says \(listed.rows), the file has \(rowCount)")
        }
        return text.finish()
    }

    /// Whether a row was longer than the limit.
    private(set) var isTooLong = false

    mutating func note(_ check: BatchDifference.Check, _ detail: String) { text.note(check, detail) }

    private var hasFailed = false

    /// Notes what makes it pointless to read on.
    mutating func fail(_ detail: String, _ check: BatchDifference.Check = .malformedRow) {
        isOver = true
        hasFailed = true
        text.note(check, detail)
    }

    /// - Parameter isLast: whether the text has ended.
    private mutating func scan(_ bytes: [UInt8], isLast: Bool) -> RowWindow? {
        var offset = 0
        if !isHeaderRead {
            guard let end = readHeader(bytes, isLast: isLast) else { return nil }
            offset = end
        }
        var rows = ScannedRows(decodedStart: bytes.count)
        var lineStarts = [UInt32(offset)]
        do throws(RowProblem) {
            let text = bytes.span
            while let end = try scanner.scanRow(text, from: offset, into: &rows) {
                offset = end
                lineStarts.append(UInt32(end))
            }
        } catch {
            fail("row \(rowCount + lineStarts.count): \(error.reason)")
        }
        rows.truncate(toCells: (lineStarts.count - 1) * columnCount)
        // The beginning of a row that fills the window may be long, so it is not copied.
        carry = offset > 0 ? Array(bytes[offset...]) : bytes
        if isLast, !isOver {
            isOver = true
            // If the text itself broke off, that difference is already noted.
            if !carry.isEmpty, text.isComplete {
                fail("row \(rowCount + lineStarts.count): the file ends inside it")
            }
        }
        guard lineStarts.count > 1 else { return nil }
        rowCount += lineStarts.count - 1
        return RowWindow(
            block: RowBlock(
                bytes: rows.decoded.isEmpty ? bytes : bytes + rows.decoded, cells: rows.cells,
                columnCount: columnCount, hasUnloadableCells: false),
            lineStarts: lineStarts)
    }

    /// - Returns: the offset behind the header; nil if it is not there, or not yet.
    private mutating func readHeader(_ bytes: [UInt8], isLast: Bool) -> Int? {
        let headers = scanner.fileHeaders
        if let header = headers.first(where: { bytes.starts(with: $0) }) {
            isHeaderRead = true
            return header.count
        }
        if bytes.count < headers.map(\.count).max() ?? 0, !isLast {
            carry = bytes
        } else if !isLast || text.isComplete {
            fail("the first line does not name the manifest's columns", .header)
        } else {
            isOver = true
        }
        return nil
    }
}
