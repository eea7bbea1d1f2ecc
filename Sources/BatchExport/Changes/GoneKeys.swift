/// Finds the texts of the keys that are gone, in the table's own files.
///
/// The newest file that has a row of a key is where the row was held, so the files are read from the newest on, until
/// every key is found. The order of the keys is that of the files and their rows, whatever the index's hash key is.
struct GoneKeys: ~Copyable {
    private let source: IndexSource
    private let index: ChangeIndex
    private let hasher: RowHasher
    private let filter: KeyFilter
    /// Still to be read, the newest last.
    private var batches: [Manifest.Batch]
    private var rows: BatchRows?
    private var missingCount: Int

    init(_ source: IndexSource, _ index: ChangeIndex) {
        self.source = source
        self.index = index
        hasher = source.hasher(index.hashKey)
        filter = index.goneFilter()
        batches = source.entries.compactMap { if case .rows(let batch) = $0 { batch } else { nil } }
        missingCount = index.goneCount
    }

    /// The next keys, as rows of the key's columns; nil behind the last one.
    ///
    /// - Throws: ``ExportError`` if a file cannot be read or is not what the manifest lists; `CancellationError` when
    ///   the task is cancelled.
    mutating func next() throws -> RowBlock? {
        while missingCount > 0 {
            try Task.checkCancellation()
            guard rows != nil else {
                guard let batch = batches.popLast() else { throw incomplete }
                rows = try source.open(.rows(batch))
                continue
            }
            guard let window = rows?.next() else {
                if let difference = rows.take()?.finish().first {
                    throw source.unusable(difference)
                }
                continue
            }
            let keys = goneKeys(of: window.block)
            if keys.rowCount > 0 { return keys }
        }
        return nil
    }

    private mutating func goneKeys(of block: RowBlock) -> RowBlock {
        var cells: [RowBlock.Cell] = []
        for row in 0..<block.rowCount {
            guard let key = hasher.keyHash(ofRow: row, in: block), filter.mayContain(key), index.listGone(key) else {
                continue
            }
            missingCount -= 1
            let first = block.cellIndices(ofRow: row).lowerBound
            for column in source.schema.keyIndices { cells.append(block.cells[first + column]) }
        }
        return RowBlock(
            bytes: block.bytes, cells: cells, columnCount: source.schema.keyIndices.count, hasUnloadableCells: false)
    }

    /// The index is of these files, so this means that they were changed, each with the digest that it had.
    private var incomplete: ExportError {
        .untrusted(
            path: source.directory.index,
            problem: "\(missingCount) keys that it has are in no file that the manifest lists",
            remedy: "remove it, then run the same command again, which makes it again")
    }
}
