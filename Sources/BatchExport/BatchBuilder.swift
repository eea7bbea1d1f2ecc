/// Collects encoded rows until a batch is full.
///
/// A batch is held in memory until it closes, because a later row with the same key takes the place of an earlier one.
/// The encoded rows lie in blocks that begin and end at row borders; each becomes one deflate block, so compression
/// can run in parallel and still depend on nothing but the rows.
struct BatchBuilder {
    /// Encoded bytes after which a block is closed.
    static let blockBytes = 256 << 10

    private let schema: ResultSchema
    private let encoder: any RowEncoder
    private let rejectedEncoder: RejectedRowEncoder
    private let limits: BatchLimits

    private var blocks: [[UInt8]] = []
    private var open: [UInt8] = []
    private var rows: [Row] = []
    private var keys = KeyIndex()
    private var encodedBytes = 0
    private var deadRows = 0
    /// As NDJSON, in blocks like those of the rows.
    private var rejected: [[UInt8]] = []
    private var rejectedRows = 0

    /// An encoded row: its block, and where it begins there. It ends where the next one of its block begins.
    private struct Row {
        let block: UInt32
        let start: UInt32
        var isDead = false
    }

    init(schema: ResultSchema, format: FileFormat, limits: BatchLimits) {
        self.schema = schema
        self.limits = limits
        encoder = format.encoder(for: schema.columns)
        rejectedEncoder = RejectedRowEncoder(schema: schema)
        startBlock(with: encoder.fileHeader)
        encodedBytes = encoder.fileHeader.count
    }

    /// Result rows that the open batch has taken, loadable or not.
    var rowsRead: Int { rows.count + rejectedRows }

    var isFull: Bool { rowsRead >= limits.rows || encodedBytes >= limits.bytes }

    /// Takes rows of the result until the batch is full.
    ///
    /// - Parameter number: of the first of them; counts the result's data rows from 1.
    /// - Returns: how many it has taken.
    mutating func append(_ block: RowBlock, rows: Range<Int>, number: Int) throws(ExportError) -> Int {
        var row = rows.lowerBound
        while row < rows.upperBound, !isFull {
            try append(block, row: row, number: number + row - rows.lowerBound)
            row += 1
        }
        for (earlier, _) in keys.placeRows() {
            self.rows[earlier].isDead = true
            deadRows += 1
        }
        return row - rows.lowerBound
    }

    private mutating func append(_ block: RowBlock, row: Int, number: Int) throws(ExportError) {
        if let reason = rejectedEncoder.reason(row: row, of: block) {
            reject(block, row: row, number: number, reason: reason)
            return
        }
        if open.count >= Self.blockBytes {
            blocks.append(open)
            startBlock(with: [])
        }
        let start = open.count
        try encoder.encode(row: row, of: block, into: &open)
        encodedBytes += open.count - start
        rows.append(Row(block: UInt32(blocks.count), start: UInt32(start)))
        keys.append(block, row: row, keyIndices: schema.keyIndices)
    }

    private mutating func reject(_ block: RowBlock, row: Int, number: Int, reason: String) {
        if rejected.last.map({ $0.count >= Self.blockBytes }) ?? true { rejected.append([]) }
        let last = rejected.count - 1
        let start = rejected[last].count
        rejectedEncoder.encode(row: row, of: block, number: number, reason: reason, into: &rejected[last])
        encodedBytes += rejected[last].count - start
        rejectedRows += 1
    }

    /// Closes the batch and begins the next one.
    mutating func seal() -> BatchContent {
        blocks.append(open)
        let content = BatchContent(
            counts: BatchCounts(rows: rows.count - deadRows, duplicateRows: deadRows, rejectedRows: rejectedRows),
            blocks: deadRows == 0 ? blocks : livingBlocks(), rejected: rejected)
        blocks = []
        rows.removeAll(keepingCapacity: true)
        keys.removeAll()
        encodedBytes = encoder.fileHeader.count
        deadRows = 0
        rejected = []
        rejectedRows = 0
        startBlock(with: encoder.fileHeader)
        return content
    }

    private mutating func startBlock(with bytes: [UInt8]) {
        open = []
        // A row longer than the slack makes the block grow once; most never do.
        open.reserveCapacity(Self.blockBytes + (8 << 10))
        open.append(contentsOf: bytes)
    }

    /// The blocks without the rows whose key came again.
    private func livingBlocks() -> [[UInt8]] {
        var living: [[UInt8]] = []
        var row = 0
        for (number, block) in blocks.enumerated() {
            let firstRow = row
            while row < rows.count, rows[row].block == number { row += 1 }
            guard rows[firstRow..<row].contains(where: \.isDead) else {
                living.append(block)
                continue
            }
            var kept = Array(block[..<Int(rows[firstRow].start)])
            for index in firstRow..<row where !rows[index].isDead {
                let end = index + 1 < row ? Int(rows[index + 1].start) : block.count
                kept.append(contentsOf: block[Int(rows[index].start)..<end])
            }
            living.append(kept)
        }
        return living
    }
}

/// When a batch closes: at the first of the two.
public struct BatchLimits: Sendable, Equatable {
    /// Result rows read.
    public let rows: Int
    /// Bytes encoded, before compression; those of rejected rows count too.
    public let bytes: Int

    public init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
    }
}

/// A closed batch, ready to be compressed and written.
struct BatchContent: Sendable {
    let counts: BatchCounts
    /// The file's bytes before compression.
    let blocks: [[UInt8]]
    /// Rejected rows as NDJSON, in blocks; empty if there are none.
    let rejected: [[UInt8]]
}

/// What became of the rows of a batch.
struct BatchCounts: Sendable {
    /// Rows in the file.
    let rows: Int
    let duplicateRows: Int
    let rejectedRows: Int

    var rowsRead: Int { rows + duplicateRows + rejectedRows }
}
