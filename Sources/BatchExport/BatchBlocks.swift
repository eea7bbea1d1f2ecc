/// The encoded rows of a batch, in blocks that begin and end at row borders.
///
/// Each becomes one deflate block, so compression can run in parallel and still depend on nothing but the rows. It begins
/// while the batch is still open, on the guess that no later row takes the place of one in a closed block. A batch in
/// which too many guesses were wrong has none made for the next.
struct BatchBlocks {
    /// Encoded bytes after which a block is closed.
    static let blockBytes = 256 << 10

    /// With the file's header.
    private(set) var encodedBytes = 0
    private(set) var removedRows = 0
    private let encoder: any RowEncoder
    private var rows: [Row] = []
    private var closed: [Block] = []
    private var open: [UInt8] = []
    private var openHasRemovedRows = false
    private var makesGuesses = true
    /// Closed blocks that ``takeClosed()`` has looked at.
    private var lookedAt = 0

    /// A closed block.
    private struct Block {
        var content: BlockContent
        var hasRemovedRows: Bool
        /// Whether it was given to be compressed as it is.
        var isTaken = false
    }

    /// An encoded row: its block, and where it begins there. It ends where the next one of its block begins.
    private struct Row {
        let block: UInt32
        let start: UInt32
        var isRemoved = false
    }

    init(encoder: any RowEncoder) {
        self.encoder = encoder
        begin()
    }

    /// Removed ones count.
    var rowCount: Int { rows.count }

    mutating func append(_ block: RowBlock, row: Int) throws(ExportError) {
        if open.count >= Self.blockBytes {
            closeBlock()
            startBlock(with: [])
        }
        let start = open.count
        try encoder.encode(row: row, of: block, into: &open)
        encodedBytes += open.count - start
        rows.append(Row(block: UInt32(closed.count), start: UInt32(start)))
    }

    /// Takes a row out, whose key came again.
    mutating func remove(row: Int) {
        rows[row].isRemoved = true
        removedRows += 1
        let block = Int(rows[row].block)
        if block < closed.count { closed[block].hasRemovedRows = true } else { openHasRemovedRows = true }
    }

    /// Blocks that were closed since the last call and have lost no row.
    mutating func takeClosed() -> [EncodedBlock] {
        guard makesGuesses else { return [] }
        let new = (lookedAt..<closed.count).filter { !isChanged($0) }
        lookedAt = closed.count
        for index in new { closed[index].isTaken = true }
        return new.map { encodedBlock($0) }
    }

    /// Closes the last block, and begins with the next batch.
    ///
    /// - Returns: how many blocks there are, those that have not been taken as they are now, and the bytes of all.
    mutating func seal() -> (blockCount: Int, missing: [EncodedBlock], bytes: Int) {
        closeBlock()
        let changed = closed.indices.filter(isChanged)
        makesGuesses = changed.count * 4 <= closed.count
        for index in changed { closed[index].isTaken = false }
        omitRemovedRows()
        let missing = closed.indices.filter { !closed[$0].isTaken }.map { encodedBlock($0, of: closed.count) }
        let bytes = closed.reduce(0) { $0 + $1.content.count }
        defer { begin() }
        return (closed.count, missing, bytes)
    }

    private mutating func begin() {
        closed = []
        lookedAt = 0
        rows.removeAll(keepingCapacity: true)
        removedRows = 0
        encodedBytes = encoder.fileHeader.count
        startBlock(with: encoder.fileHeader)
    }

    private mutating func startBlock(with bytes: [UInt8]) {
        open = []
        openHasRemovedRows = false
        // A row longer than the slack makes the block grow once; most never do.
        open.reserveCapacity(Self.blockBytes + (8 << 10))
        open.append(contentsOf: bytes)
    }

    private mutating func closeBlock() {
        closed.append(Block(content: BlockContent(open), hasRemovedRows: openHasRemovedRows))
    }

    /// Whether a block, or the one that it is compressed after, has lost a row.
    private func isChanged(_ index: Int) -> Bool {
        closed[index].hasRemovedRows || index > 0 && closed[index - 1].hasRemovedRows
    }

    /// - Parameter count: of the file's blocks; nil while more may come.
    private func encodedBlock(_ index: Int, of count: Int? = nil) -> EncodedBlock {
        EncodedBlock(
            index: index, content: closed[index].content, dictionary: index == 0 ? [] : closed[index - 1].content.end,
            isLast: index + 1 == count)
    }

    private mutating func omitRemovedRows() {
        guard removedRows > 0 else { return }
        var row = 0
        for number in closed.indices {
            let firstRow = row
            while row < rows.count, rows[row].block == number { row += 1 }
            guard closed[number].hasRemovedRows else { continue }
            let bytes = closed[number].content.bytes
            var kept = Array(bytes[..<Int(rows[firstRow].start)])
            for index in firstRow..<row where !rows[index].isRemoved {
                let end = index + 1 < row ? Int(rows[index + 1].start) : bytes.count
                kept.append(contentsOf: bytes[Int(rows[index].start)..<end])
            }
            closed[number].content = BlockContent(kept)
        }
    }
}
