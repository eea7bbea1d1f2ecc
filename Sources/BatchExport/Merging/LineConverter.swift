/// Makes lines of the merged table out of the rows of one batch's file.
struct LineConverter {
    private let columnCount: Int
    /// Nil where the lines of the file can be copied.
    private let encoder: (any RowEncoder)?

    /// - Parameters:
    ///   - columns: of the merged table. The file has these or the first of them; others are NULL.
    ///   - fileColumnCount: of the file.
    init(from fileFormat: FileFormat, columnCount fileColumnCount: Int, to format: FileFormat, columns: [Column]) {
        columnCount = columns.count
        encoder = format == fileFormat && fileColumnCount == columnCount ? nil : format.encoder(for: columns)
    }

    /// Lines with their line ends.
    struct Lines {
        let bytes: [UInt8]
        /// Where each line begins; the last element is where the last line ends.
        fileprivate let starts: [UInt32]

        func range(ofRow row: Int) -> Range<Int> { Int(starts[row])..<Int(starts[row + 1]) }
    }

    /// - Throws: ``ExportError`` if the format cannot represent a row.
    func lines(of window: RowWindow) throws(ExportError) -> Lines {
        guard let encoder else { return Lines(bytes: window.block.bytes, starts: window.lineStarts) }
        var rows = EncodedRows()
        try encoder.encode(window.block.padded(toColumns: columnCount), into: &rows)
        return Lines(bytes: rows.bytes, starts: rows.starts + [UInt32(rows.bytes.count)])
    }
}

extension RowBlock {
    /// The rows with NULL in more columns behind their own.
    func padded(toColumns count: Int) -> RowBlock {
        guard count > columnCount else { return self }
        let cells = self.cells.span
        var padded: [Cell] = []
        padded.reserveCapacity(rowCount * count)
        for row in 0..<rowCount {
            for index in cellIndices(ofRow: row) { padded.append(cells[index]) }
            for _ in columnCount..<count { padded.append(.null) }
        }
        return RowBlock(bytes: bytes, cells: padded, columnCount: count, hasUnloadableCells: hasUnloadableCells)
    }
}
