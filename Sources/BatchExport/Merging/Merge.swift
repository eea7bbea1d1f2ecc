public import SystemPackage
import Text

/// Applies the upserts of a table's directory: gives the row of the highest batch for each key, by rising key.
///
/// Keys are ordered by the bytes of their texts, column by column. Rows that do not fit into memory are sorted part by
/// part into a temporary file and merged from there. Every batch is compared with the manifest while it is read, and
/// nothing is written before all of them are read.
public struct Merge: Sendable {
    private let directory: ExportDirectory
    private let manifest: Manifest
    private let schema: ResultSchema
    private let options: Options

    public struct Options: Sendable {
        /// The highest batch that is applied; nil for all.
        public var through: Int?
        /// The format of the result; nil for that of the files.
        public var format: FileFormat?
        /// Bytes for sorting and merging, beside the rest of the process. A row may have an eighth of them.
        public var memory: Int
        /// Where temporary files go.
        public var temporaryDirectory: FilePath
        /// Chunks that the output gets at a time.
        public var chunksAtATime: Int

        public init(
            through: Int? = nil, format: FileFormat? = nil, memory: Int, temporaryDirectory: FilePath,
            chunksAtATime: Int
        ) {
            self.through = through
            self.format = format
            self.memory = memory
            self.temporaryDirectory = temporaryDirectory
            self.chunksAtATime = chunksAtATime
        }
    }

    /// - Throws: ``ExportError`` if the manifest's columns and key do not make a schema.
    public init(_ directory: ExportDirectory, _ manifest: Manifest, _ options: Options) throws(ExportError) {
        self.directory = directory
        self.manifest = manifest
        self.options = options
        schema = try manifest.schema(in: directory)
    }

    /// - Returns: the number of rows in the result.
    /// - Throws: ``ExportError``, which is ``ExportError/rowTooLong(path:row:limit:memory:)`` if the memory is too little
    ///   for a row; what the output throws; `CancellationError` when the task is cancelled.
    public func run(into output: any MergeOutput) async throws -> Int {
        var sorter = RowSorter(memory: options.memory, temporaryDirectory: options.temporaryDirectory)
        for batch in manifest.batches where batch.sequence <= options.through ?? .max {
            try read(batch, into: &sorter)
            await Task.yield()
        }
        var rows = try sorter.finish()
        var count = 0
        var chunks = [format.encoder(for: schema.columns).fileHeader]
        while let row = try rows.advance() {
            if chunks[chunks.count - 1].count >= BatchChunks.chunkBytes {
                // Long rows make long chunks, of which there are then fewer.
                let hasLong = chunks.contains { $0.count > Self.longChunkBytes }
                if chunks.count == options.chunksAtATime || hasLong {
                    try await output.write(chunks)
                    try Task.checkCancellation()
                    chunks = []
                }
                chunks.append([])
                chunks[chunks.count - 1].reserveCapacity(BatchChunks.chunkBytes + (8 << 10))
            }
            chunks[chunks.count - 1].append(copying: rows.bytes.span, in: row.line)
            count += 1
        }
        try await output.write(chunks)
        try await output.finish()
        return count
    }

    private var format: FileFormat { options.format ?? manifest.fileFormat }

    private static let longChunkBytes = 4 * BatchChunks.chunkBytes
    /// How often a row is in memory, at most, while it is read, sorted or merged.
    private static let copiesOfRow = 8

    private func read(_ batch: Manifest.Batch, into sorter: inout RowSorter) throws {
        let keys = RowKeys(of: schema)
        // Lines of the same format are copied as they stand.
        let encoder = format == manifest.fileFormat ? nil : format.encoder(for: schema.columns)
        let rowLimit = min(options.memory / Self.copiesOfRow, BatchRows.maximumRowBytes)
        var rows: BatchRows
        do throws(BatchDifference) {
            rows = try BatchRows(
                batch, in: directory, format: manifest.fileFormat, columns: schema.columns, rowLimit: rowLimit)
        } catch {
            throw untrusted([error])
        }
        var key: [UInt8] = []
        var line = EncodedRows()
        reading: while let window = try rows.next(makingRoom: { (bytes) throws in try sorter.makeRoom(for: bytes) }) {
            try Task.checkCancellation()
            let block = window.block
            for row in 0..<block.rowCount {
                if let problem = keys.read(row: row, of: block, into: &key) {
                    rows.fail("in a row up to row \(rows.rowCount)", problem)
                    break reading
                }
                if let encoder {
                    line.removeAll()
                    _ = try encoder.encode(block, rows: row..<row + 1, into: &line, limit: .max)
                    try sorter.append(key: key, line: line.bytes.span, line.range(ofRow: 0))
                } else {
                    try sorter.append(key: key, line: block.bytes.span, window.line(ofRow: row))
                }
            }
        }
        if rows.isTooLong, rowLimit < BatchRows.maximumRowBytes {
            // Enough for any row that the batch can have.
            let longest = min(batch.uncompressedBytes, BatchRows.maximumRowBytes)
            throw ExportError.rowTooLong(
                path: directory.path.appending(batch.path), row: rows.rowCount + 1, limit: rowLimit,
                memory: Self.copiesOfRow * (longest + 1))
        }
        let differences = rows.finish()
        guard differences.isEmpty else { throw untrusted(differences) }
    }

    private func untrusted(_ differences: [BatchDifference]) -> ExportError {
        let first = differences.first
        let others = differences.count > 1 ? " (and \(differences.count - 1) more)" : ""
        return .untrusted(
            path: directory.path.appending(first?.path ?? ""),
            problem:
                "it is not what the manifest lists: \(first?.check.rawValue ?? ""): \(first?.detail ?? "")\(others)",
            remedy: "nothing was merged; restore the file, and see athena-export verify")
    }
}

/// Reads keys of rows, as bytes that sort like the keys.
struct RowKeys {
    private let keyIndices: [Int]

    init(of schema: ResultSchema) {
        keyIndices = schema.keyIndices
    }

    /// - Returns: the defect of the key, if it has one.
    func read(row: Int, of block: RowBlock, into key: inout [UInt8]) -> BatchDifference.Check? {
        key.removeAll(keepingCapacity: true)
        let first = block.cellIndices(ofRow: row).lowerBound
        for (position, index) in keyIndices.enumerated() {
            let cell = block.cells[first + index]
            if cell.isNull { return .nullKey }
            // Lower than every byte of a value, so that a shorter value sorts before a longer one that begins like it.
            if position > 0 { key.append(0) }
            key.append(copying: block.bytes.span, in: cell.range)
        }
        return key.count { $0 == 0 } == keyIndices.count - 1 ? nil : .malformedRow
    }
}
