/// Collects encoded rows until a batch is full.
///
/// A batch stays in memory until it is sealed, because a later row replaces an earlier one with the same key. Most of
/// it is compressed by then, unless many rows are replaced.
struct BatchBuilder {
    private let schema: ResultSchema
    private let rejectedEncoder: RejectedRowEncoder
    private let limits: BatchLimits

    private var chunks: BatchChunks
    private var keys = KeyIndex()
    /// Rejected rows as NDJSON, in chunks like those of the rows.
    private var rejected: [[UInt8]] = []
    private var rejectedRows = 0
    private var rejectedBytes = 0
    private var unchangedRows = 0

    init(schema: ResultSchema, format: FileFormat, limits: BatchLimits) {
        self.schema = schema
        self.limits = limits
        chunks = BatchChunks(encoder: format.encoder(for: schema.columns), longestRow: limits.longestRow)
        rejectedEncoder = RejectedRowEncoder(schema: schema, format: format)
    }

    /// Without a key, no row takes the place of another.
    private var hasKey: Bool { !schema.keyIndices.isEmpty }

    /// Result rows that the open batch has taken, however they fared.
    var rowsRead: Int { rowsKept + unchangedRows }

    /// Those of them that the table does not hold yet.
    private var rowsKept: Int { chunks.rowCount + rejectedRows }

    var isFull: Bool {
        rowsKept >= limits.rows
            || rowsKept > 0
                && (chunks.encodedBytes + rejectedBytes >= limits.bytes || keys.keyBytes >= limits.keyBytes)
    }

    /// Takes rows of the result until the batch is full.
    ///
    /// - Parameters:
    ///   - number: of the first of them; counts the result's data rows from 1.
    ///   - isHeld: for each row of the block whether the table holds it already, so that it is only counted; empty if
    ///     every row is written.
    /// - Returns: how many it has taken.
    mutating func append(
        _ block: RowBlock, rows: Range<Int>, number: Int, isHeld: [Bool] = []
    ) throws(ExportError) -> Int {
        var row = rows.lowerBound
        while row < rows.upperBound, !isFull {
            if !isHeld.isEmpty, isHeld[row] {
                unchangedRows += 1
                row += 1
                continue
            }
            var end = row + min(rows.upperBound - row, limits.rows - rowsKept)
            if !isHeld.isEmpty { end = isHeld[row..<end].firstIndex(of: true) ?? end }
            end = endByKeys(of: block, row..<end)
            let unloadable = rejectedEncoder.firstUnloadable(of: row..<end, in: block)
            let first = row
            // The first row is taken even if the file's header alone reaches the limit.
            let limit = max(limits.bytes - rejectedBytes, chunks.encodedBytes + 1)
            row = try chunks.append(
                block, rows: first..<(unloadable?.row ?? end), number: number + first - rows.lowerBound, limit: limit)
            if hasKey { keys.append(block, rows: first..<row, keyIndices: schema.keyIndices) }
            if let unloadable, unloadable.row == row, !isFull {
                reject(block, row: row, number: number + row - rows.lowerBound, reason: unloadable.reason)
                row += 1
            }
        }
        if hasKey { for (earlier, _) in keys.placeRows() { chunks.remove(row: earlier) } }
        return row - rows.lowerBound
    }

    /// Behind the row with which the batch's keys reach their limit; as a rule, the end of the rows.
    private func endByKeys(of block: RowBlock, _ rows: Range<Int>) -> Int {
        let room = limits.keyBytes - keys.keyBytes
        guard hasKey, KeyIndex.mostBytes(of: block, rows: rows, keyIndices: schema.keyIndices) >= room else {
            return rows.upperBound
        }
        var bytes = 0
        for row in rows {
            bytes += KeyIndex.bytes(of: block, row: row, keyIndices: schema.keyIndices)
            if bytes >= room { return row + 1 }
        }
        return rows.upperBound
    }

    private mutating func reject(_ block: RowBlock, row: Int, number: Int, reason: String) {
        if rejected.last.map({ $0.count >= BatchChunks.chunkBytes }) ?? true { rejected.append([]) }
        let last = rejected.count - 1
        let start = rejected[last].count
        rejectedEncoder.encode(row: row, of: block, number: number, reason: reason, into: &rejected[last])
        rejectedBytes += rejected[last].count - start
        rejectedRows += 1
    }

    /// Closed chunks of the open batch that can be compressed early; each is given once.
    mutating func takeClosedChunks() -> [Chunk] { chunks.takeClosed() }

    /// Seals the batch and begins the next one.
    ///
    /// - Parameters:
    ///   - end: where the next batch begins in the result.
    ///   - lastRowSHA256: of the row before the end, if that row is known.
    ///   - highestCursor: of all rows before the end.
    /// - Returns: with the batch, its chunks that were not taken while it was open, or have changed since.
    mutating func seal(
        at end: Bookmark, lastRowSHA256: String?, highestCursor: CursorValue?
    ) -> (batch: SealedBatch, missing: [Chunk]) {
        let removedRows = chunks.removedRows
        let counts = BatchCounts(
            rows: chunks.rowCount - removedRows, duplicateRows: removedRows, rejectedRows: rejectedRows,
            unchangedRows: unchangedRows)
        var (chunkCount, missing, uncompressedBytes) = chunks.seal()
        // Without rows there is no file, not even its header.
        if counts.rows == 0 { (chunkCount, missing) = (0, []) }
        let batch = SealedBatch(
            schema: schema, counts: counts, chunkCount: chunkCount,
            uncompressedBytes: uncompressedBytes, rejected: rejected, end: end, lastRowSHA256: lastRowSHA256,
            highestCursor: highestCursor)
        keys.removeAll()
        rejected = []
        rejectedRows = 0
        rejectedBytes = 0
        unchangedRows = 0
        return (batch, missing)
    }
}

/// How much a batch takes.
package struct BatchLimits: Sendable, Equatable {
    /// Result rows read, after which the batch is sealed; those that the table holds already do not count.
    package let rows: Int
    /// Bytes encoded, before compression, after which it is sealed. The header and rejected rows count too. A batch has at
    /// least one row.
    package let bytes: Int
    /// Bytes that one row may have once it is encoded. The readers of files refuse a longer one.
    package let longestRow: Int
    /// Bytes of keys, each with four bytes a column if there are several, after which a batch is sealed. Short values of
    /// such a key take more than their text. ``KeyIndex`` has room for 4 GiB.
    package let keyBytes: Int

    package init(rows: Int, bytes: Int, longestRow: Int = LongestRow.bytes, keyBytes: Int = 2 << 30) {
        self.rows = rows
        self.bytes = bytes
        self.longestRow = longestRow
        self.keyBytes = keyBytes
    }
}
