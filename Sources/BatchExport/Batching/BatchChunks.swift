/// The encoded rows of a batch, in blocks that begin and end at row borders.
///
/// Each becomes one deflate block, so compression can run in parallel and still depend on nothing but the rows. It begins
/// while the batch is still open, on the guess that no later row takes the place of one in a closed block. A batch in
/// which too many guesses were wrong has none made for the next.
struct BatchChunks {
    /// Encoded bytes after which a block is closed.
    static let blockBytes = 256 << 10

    /// With the file's header.
    private(set) var encodedBytes = 0
    private(set) var removedRows = 0
    private let encoder: any RowEncoder
    /// For each row of the batch whether it was taken out.
    private var isRemoved: [Bool] = []
    private var closed: [Block] = []
    private var open = EncodedRows()
    private var openHasRemovedRows = false
    private var makesGuesses = true
    /// Closed blocks that ``takeClosed()`` has looked at.
    private var lookedAt = 0

    /// A closed block.
    private struct Block {
        var content: ChunkBytes
        /// Of the batch.
        let rows: Range<Int>
        /// Where each of the rows begins. It ends where the next one does.
        let starts: [UInt32]
        var hasRemovedRows: Bool
        /// Whether it was given to be compressed as it is.
        var isTaken = false
    }

    init(encoder: any RowEncoder) {
        self.encoder = encoder
        begin()
    }

    /// Removed ones count.
    var rowCount: Int { isRemoved.count }

    /// Takes rows until the batch has as many encoded bytes as the limit.
    ///
    /// - Returns: the row behind the last one that was taken.
    mutating func append(_ block: RowBlock, rows: Range<Int>, limit: Int) throws(ExportError) -> Int {
        var row = rows.lowerBound
        while row < rows.upperBound, encodedBytes < limit {
            if open.bytes.count >= Self.blockBytes {
                closeBlock()
                startBlock(with: [])
            }
            let before = open.bytes.count
            let end = try encoder.encode(
                block, rows: row..<rows.upperBound, into: &open,
                limit: min(Self.blockBytes, before + (limit - encodedBytes)))
            encodedBytes += open.bytes.count - before
            isRemoved.append(contentsOf: repeatElement(false, count: end - row))
            row = end
        }
        return row
    }

    /// Takes a row out, whose key came again.
    mutating func remove(row: Int) {
        isRemoved[row] = true
        removedRows += 1
        if let block = closedBlock(ofRow: row) {
            closed[block].hasRemovedRows = true
        } else {
            openHasRemovedRows = true
        }
    }

    private func closedBlock(ofRow row: Int) -> Int? {
        guard let last = closed.last, row < last.rows.upperBound else { return nil }
        var candidates = closed.indices
        while candidates.count > 1 {
            let middle = candidates.lowerBound + candidates.count / 2
            if row < closed[middle].rows.lowerBound {
                candidates = candidates.lowerBound..<middle
            } else {
                candidates = middle..<candidates.upperBound
            }
        }
        return candidates.lowerBound
    }

    /// Blocks that were closed since the last call and have lost no row.
    mutating func takeClosed() -> [Chunk] {
        guard makesGuesses else { return [] }
        let new = (lookedAt..<closed.count).filter { !isChanged($0) }
        lookedAt = closed.count
        for index in new { closed[index].isTaken = true }
        return new.map { encodedBlock($0) }
    }

    /// Closes the last block, and begins with the next batch.
    ///
    /// - Returns: how many blocks there are, those that have not been taken as they are now, and the bytes of all.
    mutating func seal() -> (blockCount: Int, missing: [Chunk], bytes: Int) {
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
        isRemoved.removeAll(keepingCapacity: true)
        removedRows = 0
        encodedBytes = encoder.fileHeader.count
        startBlock(with: encoder.fileHeader)
    }

    private mutating func startBlock(with header: [UInt8]) {
        let rows = open.count
        openHasRemovedRows = false
        // A row longer than the slack makes the block grow once; most never do.
        open = EncodedRows(capacity: Self.blockBytes + (8 << 10))
        open.bytes.append(contentsOf: header)
        // Blocks of one result have about as many rows.
        open.starts.reserveCapacity(rows + rows / 8)
    }

    private mutating func closeBlock() {
        closed.append(
            Block(
                content: ChunkBytes(open.bytes), rows: rowCount - open.count..<rowCount, starts: open.starts,
                hasRemovedRows: openHasRemovedRows))
    }

    /// Whether a block, or the one that it is compressed after, has lost a row.
    private func isChanged(_ index: Int) -> Bool {
        closed[index].hasRemovedRows || index > 0 && closed[index - 1].hasRemovedRows
    }

    /// - Parameter count: of the file's blocks; nil while more may come.
    private func encodedBlock(_ index: Int, of count: Int? = nil) -> Chunk {
        Chunk(
            index: index, content: closed[index].content, dictionary: index == 0 ? [] : closed[index - 1].content.end,
            isLast: index + 1 == count)
    }

    private mutating func omitRemovedRows() {
        for number in closed.indices where closed[number].hasRemovedRows {
            let block = closed[number]
            let all = EncodedRows(block.content.bytes, starts: block.starts)
            var kept = Array(all.bytes[..<all.range(ofRow: 0).lowerBound])
            for (index, row) in block.rows.enumerated() where !isRemoved[row] {
                kept.append(contentsOf: all.bytes[all.range(ofRow: index)])
            }
            closed[number].content = ChunkBytes(kept)
        }
    }
}
