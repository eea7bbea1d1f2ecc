/// Collects encoded rows until a batch is full.
///
/// A batch is held in memory until it closes, because a later row with the same key takes the place of an earlier one;
/// most of it compressed, unless many rows are replaced.
struct BatchBuilder {
    private let schema: ResultSchema
    private let rejectedEncoder: RejectedRowEncoder
    private let limits: BatchLimits

    private var blocks: BatchChunks
    private var keys = KeyIndex()
    /// As NDJSON, in blocks like those of the rows.
    private var rejected: [[UInt8]] = []
    private var rejectedRows = 0
    private var rejectedBytes = 0

    init(schema: ResultSchema, format: FileFormat, limits: BatchLimits) {
        self.schema = schema
        self.limits = limits
        blocks = BatchChunks(encoder: format.encoder(for: schema.columns))
        rejectedEncoder = RejectedRowEncoder(schema: schema)
    }

    /// Result rows that the open batch has taken, loadable or not.
    var rowsRead: Int { blocks.rowCount + rejectedRows }

    var isFull: Bool {
        rowsRead >= limits.rows || rowsRead > 0 && blocks.encodedBytes + rejectedBytes >= limits.bytes
    }

    /// Takes rows of the result until the batch is full.
    ///
    /// - Parameter number: of the first of them; counts the result's data rows from 1.
    /// - Returns: how many it has taken.
    mutating func append(_ block: RowBlock, rows: Range<Int>, number: Int) throws(ExportError) -> Int {
        var row = rows.lowerBound
        while row < rows.upperBound, !isFull {
            let end = row + min(rows.upperBound - row, limits.rows - rowsRead)
            let unloadable = rejectedEncoder.firstUnloadable(of: row..<end, in: block)
            let first = row
            // The first row is taken even if the file's header alone comes to the limit.
            let limit = max(limits.bytes - rejectedBytes, blocks.encodedBytes + 1)
            row = try blocks.append(block, rows: first..<(unloadable?.row ?? end), limit: limit)
            keys.append(block, rows: first..<row, keyIndices: schema.keyIndices)
            if let unloadable, unloadable.row == row, !isFull {
                reject(block, row: row, number: number + row - rows.lowerBound, reason: unloadable.reason)
                row += 1
            }
        }
        for (earlier, _) in keys.placeRows() { blocks.remove(row: earlier) }
        return row - rows.lowerBound
    }

    private mutating func reject(_ block: RowBlock, row: Int, number: Int, reason: String) {
        if rejected.last.map({ $0.count >= BatchChunks.blockBytes }) ?? true { rejected.append([]) }
        let last = rejected.count - 1
        let start = rejected[last].count
        rejectedEncoder.encode(row: row, of: block, number: number, reason: reason, into: &rejected[last])
        rejectedBytes += rejected[last].count - start
        rejectedRows += 1
    }

    /// Blocks of the open batch that can be compressed on the guess that they stay as they are; each is given once.
    mutating func takeClosedBlocks() -> [Chunk] { blocks.takeClosed() }

    /// Closes the batch and begins the next one.
    mutating func seal() -> BatchContent {
        let removedRows = blocks.removedRows
        let counts = BatchCounts(
            rows: blocks.rowCount - removedRows, duplicateRows: removedRows, rejectedRows: rejectedRows)
        let (blockCount, missing, uncompressedBytes) = blocks.seal()
        let content = BatchContent(
            counts: counts, blockCount: blockCount, missing: missing, uncompressedBytes: uncompressedBytes,
            rejected: rejected)
        keys.removeAll()
        rejected = []
        rejectedRows = 0
        rejectedBytes = 0
        return content
    }
}

/// When a batch closes: at the first of the two.
public struct BatchLimits: Sendable, Equatable {
    /// Result rows read.
    public let rows: Int
    /// Bytes encoded, before compression; those of the header and of rejected rows count too. A batch has a row at least.
    public let bytes: Int

    public init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
    }
}

/// A closed batch, ready to be compressed and written as far as it is not.
struct BatchContent: Sendable {
    let counts: BatchCounts
    /// Of the file.
    let blockCount: Int
    /// Blocks that have not been given before, or are not what they were then.
    private(set) var missing: [Chunk]
    /// Of the file before compression.
    let uncompressedBytes: Int
    /// Rejected rows as NDJSON, in blocks; empty if there are none.
    let rejected: [[UInt8]]

    /// Lets go of the blocks, which need not stay in memory when they are compressed.
    mutating func takeMissing() -> [Chunk] {
        defer { missing = [] }
        return missing
    }
}

/// What became of the rows of a batch.
struct BatchCounts: Sendable {
    /// Rows in the file.
    let rows: Int
    let duplicateRows: Int
    let rejectedRows: Int

    var rowsRead: Int { rows + duplicateRows + rejectedRows }
}
