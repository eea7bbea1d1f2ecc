/// Cuts the keys that are gone into batches, by the same limits as rows.
struct DeletesCutter: ~Copyable {
    private var keys: GoneKeys
    private var builder: BatchBuilder
    private var block: RowBlock?
    /// The first key of the block that no batch has taken.
    private var next = 0

    /// - Parameter schema: of the key's columns alone.
    init(_ keys: consuming GoneKeys, schema: ResultSchema, options: ExportOptions) {
        self.keys = keys
        builder = BatchBuilder(schema: schema, format: options.format, limits: options.limits)
    }

    /// Takes keys until a batch is full or some of its chunks can be compressed; nil behind the last batch.
    mutating func cut() throws -> BatchCutter.Cut? {
        if block == nil {
            block = try keys.next()
            next = 0
        }
        guard let block else { return builder.rowsRead > 0 ? seal() : nil }
        // Keys in files are ones that can be loaded, so none is set aside under its number.
        next += try builder.append(block, rows: next..<block.rowCount, number: next + 1)
        if next == block.rowCount { self.block = nil }
        return builder.isFull ? seal() : BatchCutter.Cut(chunks: builder.takeClosedChunks(), batch: nil)
    }

    private mutating func seal() -> BatchCutter.Cut {
        var (batch, missing) = builder.seal(at: .start, lastRowSHA256: nil, highestCursor: nil)
        batch.kind = .deletes
        return BatchCutter.Cut(chunks: missing, batch: batch)
    }
}
