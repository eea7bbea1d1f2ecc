import Files

/// Tells which rows of a result a run with `--changes-only` need not write.
struct ChangeFilter {
    let index: ChangeIndex
    private let hasher: RowHasher
    private let rejected: RejectedRowEncoder

    init(_ index: ChangeIndex, schema: ResultSchema, format: FileFormat) {
        self.index = index
        hasher = RowHasher(
            index.hashKey, columns: schema.columns, keyIndices: schema.keyIndices, format: format)
        rejected = RejectedRowEncoder(schema: schema, format: format)
    }

    /// For each row of the next page whether the table holds it as it is.
    ///
    /// Rows that cannot be loaded are not held, but their keys are still there, so they are not deleted.
    func heldRows(of block: RowBlock) throws(ExportError) -> [Bool] {
        var isHeld = [Bool](repeating: false, count: block.rowCount)
        var keys: [Hash128] = []
        keys.reserveCapacity(Self.rowsAtATime)
        for start in stride(from: 0, to: block.rowCount, by: Self.rowsAtATime) {
            let rows = start..<min(start + Self.rowsAtATime, block.rowCount)
            keys.removeAll(keepingCapacity: true)
            for row in rows { keys.append(hasher.keyHash(ofRow: row, in: block) ?? .none) }
            index.prepare(keys)
            for (row, key) in zip(rows, keys) where key != .none {
                isHeld[row] = try isHeldRow(row, key, of: block)
            }
        }
        return isHeld
    }

    private static let rowsAtATime = 64

    private func isHeldRow(_ row: Int, _ key: Hash128, of block: RowBlock) throws(ExportError) -> Bool {
        if block.hasUnloadableCells, rejected.firstUnloadable(of: row..<row + 1, in: block) != nil {
            index.see(key)
            return false
        }
        do throws(FileError) {
            return try !index.take(key, hasher.hash(ofRow: row, in: block))
        } catch {
            throw ExportError(error)
        }
    }
}
