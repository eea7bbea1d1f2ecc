/// The encoded rows of a batch, in chunks that begin and end at row borders.
///
/// Chunks are compressed in parallel, each after the end of the one before it, so the compressed bytes depend on nothing
/// but the rows. Compression is speculative: a closed chunk is compressed while the batch is still open, and again if a
/// later row replaces one of its rows. If more than a quarter of a batch's chunks had to be compressed again, those of
/// the next batch wait until it is sealed.
struct BatchChunks {
    /// Encoded bytes after which a chunk is closed.
    static let chunkBytes = 256 << 10

    /// With the file's header.
    private(set) var encodedBytes = 0
    private(set) var removedRows = 0
    private let encoder: any RowEncoder
    private let longestRow: Int
    /// For each row of the batch whether it was removed.
    private var isRemoved: [Bool] = []
    private var closed: [ClosedChunk] = []
    private var open = EncodedRows()
    private var openHasRemovedRows = false
    private var compressesEarly = true
    /// Closed chunks that ``takeClosed()`` has seen.
    private var seen = 0

    private struct ClosedChunk {
        var content: ChunkBytes
        /// The rows of the batch in this chunk.
        let rows: Range<Int>
        /// Where each of the rows begins. It ends where the next one does.
        let starts: [UInt32]
        var hasRemovedRows: Bool
        /// Whether it was given to be compressed as it is.
        var isTaken = false
    }

    /// - Parameter longestRow: the most bytes of an encoded row.
    init(encoder: any RowEncoder, longestRow: Int = LongestRow.bytes) {
        self.encoder = encoder
        self.longestRow = longestRow
        begin()
    }

    /// Removed rows count.
    var rowCount: Int { isRemoved.count }

    /// Takes rows until the batch has as many encoded bytes as the limit.
    ///
    /// - Parameter number: of the first of them in the result.
    /// - Returns: the row behind the last one that was taken.
    mutating func append(
        _ block: RowBlock, rows: Range<Int>, number: Int, limit: Int
    ) throws(ExportError) -> Int {
        var row = rows.lowerBound
        while row < rows.upperBound, encodedBytes < limit {
            if open.bytes.count >= Self.chunkBytes {
                closeChunk()
                startChunk(with: [])
            }
            let before = open.bytes.count
            let end = try encoder.encode(
                block, rows: row..<rows.upperBound, into: &open,
                limit: min(Self.chunkBytes, before + (limit - encodedBytes)))
            encodedBytes += open.bytes.count - before
            // Encoding ends with the row that fills the chunk, so no other can be that long.
            if open.bytes.count - before > longestRow, let start = open.starts.last,
                open.bytes.count - Int(start) > longestRow
            {
                throw .resultRowTooLong(row: number + end - 1 - rows.lowerBound, limit: longestRow)
            }
            isRemoved.append(contentsOf: repeatElement(false, count: end - row))
            row = end
        }
        return row
    }

    /// Removes a row that a later one with the same key replaces.
    mutating func remove(row: Int) {
        isRemoved[row] = true
        removedRows += 1
        if let chunk = closedChunk(ofRow: row) {
            closed[chunk].hasRemovedRows = true
        } else {
            openHasRemovedRows = true
        }
    }

    private func closedChunk(ofRow row: Int) -> Int? {
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

    /// Chunks that were closed since the last call and have lost no row.
    mutating func takeClosed() -> [Chunk] {
        guard compressesEarly else { return [] }
        let new = (seen..<closed.count).filter { !isChanged($0) }
        seen = closed.count
        for index in new { closed[index].isTaken = true }
        return new.map { chunk($0) }
    }

    /// Closes the last chunk, and begins with the next batch.
    ///
    /// - Returns: how many chunks there are, those that have not been taken as they are now, and the bytes of all.
    mutating func seal() -> (chunkCount: Int, missing: [Chunk], bytes: Int) {
        closeChunk()
        let changed = closed.indices.filter(isChanged)
        compressesEarly = changed.count * 4 <= closed.count
        for index in changed { closed[index].isTaken = false }
        omitRemovedRows()
        let missing = closed.indices.filter { !closed[$0].isTaken }.map { chunk($0, of: closed.count) }
        let bytes = closed.reduce(0) { $0 + $1.content.count }
        defer { begin() }
        return (closed.count, missing, bytes)
    }

    private mutating func begin() {
        closed = []
        seen = 0
        isRemoved.removeAll(keepingCapacity: true)
        removedRows = 0
        encodedBytes = encoder.fileHeader.count
        startChunk(with: encoder.fileHeader)
    }

    private mutating func startChunk(with header: [UInt8]) {
        let rows = open.count
        openHasRemovedRows = false
        // Most last rows fit into the slack; for a longer one the chunk grows once.
        open = EncodedRows(capacity: Self.chunkBytes + (8 << 10))
        open.bytes.append(contentsOf: header)
        // Chunks of one result have about as many rows.
        open.starts.reserveCapacity(rows + rows / 8)
    }

    private mutating func closeChunk() {
        closed.append(
            ClosedChunk(
                content: ChunkBytes(open.bytes), rows: rowCount - open.count..<rowCount, starts: open.starts,
                hasRemovedRows: openHasRemovedRows))
    }

    /// Whether a chunk, or the one before it that it is compressed after, has lost a row.
    private func isChanged(_ index: Int) -> Bool {
        closed[index].hasRemovedRows || index > 0 && closed[index - 1].hasRemovedRows
    }

    /// - Parameter count: of the file's chunks; nil while more may come.
    private func chunk(_ index: Int, of count: Int? = nil) -> Chunk {
        Chunk(
            index: index, content: closed[index].content, dictionary: index == 0 ? [] : closed[index - 1].content.end,
            isLast: index + 1 == count)
    }

    private mutating func omitRemovedRows() {
        for index in closed.indices where closed[index].hasRemovedRows {
            let chunk = closed[index]
            let all = EncodedRows(chunk.content.bytes, starts: chunk.starts)
            var kept = Array(all.bytes[..<all.range(ofRow: 0).lowerBound])
            for (place, row) in chunk.rows.enumerated() where !isRemoved[row] {
                kept.append(contentsOf: all.bytes[all.range(ofRow: place)])
            }
            closed[index].content = ChunkBytes(kept)
        }
    }
}
