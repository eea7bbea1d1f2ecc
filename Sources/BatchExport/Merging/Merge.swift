package import SystemPackage
import Text

/// Applies the upserts and deletes of a table's directory: gives the row of the highest batch for
/// each key, by rising key. Without a key it gives all rows in the order of the batches.
///
/// Keys are ordered by the bytes of their texts, column by column. Rows that do not fit into memory are sorted part by
/// part into a temporary file and merged from there. Every batch is compared with the manifest while it is read, and
/// nothing is written before all of them are read.
package struct Merge: Sendable {
    private let directory: ExportDirectory
    private let manifest: Manifest
    private let schema: ResultSchema
    private let options: Options

    package struct Options: Sendable {
        /// The highest batch that is applied; nil for all.
        package var through: Int?
        /// The format of the result; nil for that of the files.
        package var format: FileFormat?
        /// Bytes for sorting and merging, beside the rest of the process. A row may have an eighth of them.
        package var memory: Int
        /// Where temporary files go.
        package var temporaryDirectory: FilePath
        /// Chunks that the output gets at a time.
        package var chunksAtATime: Int

        package init(
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
    package init(_ directory: ExportDirectory, _ manifest: Manifest, _ options: Options) throws(ExportError) {
        self.directory = directory
        self.manifest = manifest
        self.options = options
        schema = try manifest.schema(through: options.through ?? .max)
    }

    /// - Returns: the number of rows in the result.
    /// - Throws: ``ExportError``, which is ``ExportError/rowTooLong(path:row:limit:memory:)`` if the memory is too little
    ///   for a row; what the output throws; `CancellationError` when the task is cancelled.
    package func run(into output: any MergeOutput) async throws -> Int {
        var text = MergedText(
            header: format.encoder(for: schema.columns).fileHeader, chunksAtATime: options.chunksAtATime)
        switch manifest.writeMode {
        case .upsert: try await writeNewest(to: output, &text)
        case .append: try await writeAll(to: output, &text)
        }
        try await output.write(text.take())
        try await output.finish()
        return text.lineCount
    }

    private func writeNewest(to output: any MergeOutput, _ text: inout MergedText) async throws {
        var sorter = RowSorter(memory: options.memory, temporaryDirectory: options.temporaryDirectory)
        for entry in manifest.entries where entry.sequence <= options.through ?? .max {
            try read(entry, into: &sorter)
            await Task.yield()
        }
        var rows = try sorter.finish()
        while let row = try rows.advance() {
            if row.isDeleted { continue }
            if text.isFull { try await write(&text, to: output) }
            text.append(rows.bytes.span, row.line)
        }
    }

    /// Reads all batches twice: to compare them with the manifest, and then to write their rows.
    private func writeAll(to output: any MergeOutput, _ text: inout MergedText) async throws {
        for batch in batches {
            var rows = try self.rows(of: .rows(batch))
            while rows.next() != nil { try Task.checkCancellation() }
            try finish(rows, of: batch.file)
            await Task.yield()
        }
        for batch in batches {
            let converter = converter(for: batch)
            var rows = try self.rows(of: .rows(batch))
            while let window = rows.next() {
                let lines = try converter.lines(of: window)
                for row in 0..<window.block.rowCount {
                    if text.isFull { try await write(&text, to: output) }
                    text.append(lines.bytes.span, lines.range(ofRow: row))
                }
            }
            try finish(rows, of: batch.file)
        }
    }

    private func write(_ text: inout MergedText, to output: any MergeOutput) async throws {
        try await output.write(text.take())
        try Task.checkCancellation()
    }

    private func read(_ entry: Manifest.Entry, into sorter: inout RowSorter) throws {
        // A key that is deleted has no line.
        let (keys, converter): (RowKeys, LineConverter?) =
            switch entry {
            case .rows(let batch): (RowKeys(of: schema), converter(for: batch))
            case .deletes: (RowKeys(of: try schema.ofKey), nil)
            }
        var rows = try self.rows(of: entry)
        var key: [UInt8] = []
        reading: while let window = try rows.next(makingRoom: { (bytes) throws in try sorter.makeRoom(for: bytes) }) {
            try Task.checkCancellation()
            let lines = try converter?.lines(of: window)
            for row in 0..<window.block.rowCount {
                if let problem = keys.read(row: row, of: window.block, into: &key) {
                    rows.fail("in a row up to row \(rows.rowCount)", problem)
                    break reading
                }
                if let lines {
                    try sorter.append(key: key, line: lines.bytes.span, lines.range(ofRow: row))
                } else {
                    try sorter.append(key: key, line: window.block.bytes.span, 0..<0)
                }
            }
        }
        try finish(rows, of: entry.file)
    }
}

// MARK: - One file

extension Merge {
    private var batches: [Manifest.Batch] { manifest.batches.filter { $0.sequence <= options.through ?? .max } }

    private var format: FileFormat { options.format ?? manifest.fileFormat }

    /// How often a row is in memory, at most, while it is read, sorted or merged.
    private static let copiesOfRow = 8
    /// In bytes.
    private var rowLimit: Int { min(options.memory / Self.copiesOfRow, LongestRow.bytes) }

    private func converter(for batch: Manifest.Batch) -> LineConverter {
        LineConverter(
            from: manifest.fileFormat, columnCount: manifest.columns(ofBatch: batch.sequence).count, to: format,
            columns: schema.columns)
    }

    private func rows(of entry: Manifest.Entry) throws(ExportError) -> BatchRows {
        do throws(BatchDifference) {
            return try BatchRows(
                entry.file, in: directory, format: manifest.fileFormat, columns: manifest.columns(of: entry),
                rowLimit: rowLimit)
        } catch {
            throw unusable(error)
        }
    }

    /// - Throws: if the file is not what the manifest lists, or has a row that the memory is too little for.
    private func finish(_ rows: consuming BatchRows, of file: ListedFile) throws(ExportError) {
        if rows.isTooLong, rowLimit < LongestRow.bytes {
            // Enough for any row that the batch can have.
            let longest = min(file.uncompressedBytes, LongestRow.bytes)
            throw .rowTooLong(
                path: directory.path.appending(file.path), row: rows.rowCount + 1, limit: rowLimit,
                memory: Self.copiesOfRow * (longest + 1))
        }
        let differences = rows.finish()
        if let first = differences.first { throw unusable(first, others: differences.count - 1) }
    }

    private func unusable(_ difference: BatchDifference, others: Int = 0) -> ExportError {
        .unusable(
            difference, others: others, in: directory, subject: "it",
            remedy: "nothing was merged; restore the file, and see athena-export verify")
    }
}
