import Text

/// RFC 4180: UTF-8, comma, `\n`, a header line.
///
/// NULL is nothing between the separators. A value is quoted when it is empty, is `\.` (which ends PostgreSQL's COPY),
/// consists of blanks only (pandas drops such a line), begins with U+FEFF (which readers take for a byte order mark), or
/// contains a comma, quote, CR or LF; else it stands bare. Names in the header are quoted in the same way.
package struct CSVEncoder: RowEncoder {
    package let fileHeader: [UInt8]
    private let isSingleColumn: Bool

    package init(columns: [Column]) {
        fileHeader = Self.header(columns, isQuoted: Self.needsQuotes)
        isSingleColumn = columns.count == 1
    }

    /// The header line as version 0.1.0 wrote it: with names bare that begin with U+FEFF or consist of blanks.
    static func olderFileHeader(columns: [Column]) -> [UInt8] {
        header(columns, isQuoted: hasStructure)
    }

    private static func header(
        _ columns: [Column], isQuoted: (Span<UInt8>, Range<Int>, TextMarks) -> Bool
    ) -> [UInt8] {
        var header: [UInt8] = []
        for (index, column) in columns.enumerated() {
            if index > 0 { header.append(.comma) }
            let name = Array(column.name.utf8)
            let marks = name.span.textMarks(in: name.indices)
            let isQuoted = isQuoted(name.span, name.indices, marks)
            header.append(room: room(for: name.indices)) {
                append(name.span, in: name.indices, marks, isQuoted: isQuoted, to: $0)
            }
        }
        header.append(.lineFeed)
        return header
    }

    package func encode(
        _ block: RowBlock, rows: Range<Int>, into output: inout EncodedRows, limit: Int
    ) throws(ExportError) -> Int {
        var row = rows.lowerBound
        while row < rows.upperBound, output.bytes.count < limit {
            let (fitting, room) = try fittingRows(
                row..<rows.upperBound, of: block, room: output.bytes.capacity - output.bytes.count)
            row = append(block, rows: fitting, room: room, to: &output, limit: limit)
        }
        return row
    }

    /// The rows that fit even if every byte is a quote; at least the first one.
    private func fittingRows(
        _ rows: Range<Int>, of block: RowBlock, room available: Int
    ) throws(ExportError) -> (rows: Range<Int>, room: Int) {
        let cells = block.cells.span
        var room = 0
        var row = rows.lowerBound
        // At most as many as stay in the first-level cache until they are written.
        while row < min(rows.upperBound, rows.lowerBound + 64) {
            var line = 1
            for index in block.cellIndices(ofRow: row) { line += 1 + Self.room(for: cells[index].range) }
            let isBlank = isSingleColumn && cells[row].isNull
            if row > rows.lowerBound, isBlank || room + line > available { break }
            if isBlank {
                // Half of all readers skip such a line.
                throw .options(
                    "a NULL in a result of one column would be an empty line in CSV; use --format ndjson")
            }
            room += line
            row += 1
        }
        return (rows.lowerBound..<row, room)
    }

    /// - Parameter room: the most bytes that the rows can take.
    private func append(
        _ block: RowBlock, rows: Range<Int>, room: Int, to output: inout EncodedRows, limit: Int
    ) -> Int {
        let bytes = block.bytes.span
        let cells = block.cells.span
        let before = output.bytes.count
        var row = rows.lowerBound
        output.starts.append(addingCapacity: rows.count) { starts in
            output.bytes.append(room: room) { writer in
                var lines = writer
                while row < rows.upperBound, before &+ lines.count < limit {
                    starts.append(UInt32(before &+ lines.count))
                    lines = Self.append(bytes, cells, block.cellIndices(ofRow: row), to: lines)
                    row &+= 1
                }
                return lines
            }
        }
        return row
    }

    /// One row with its line end.
    @inline(__always)
    private static func append(
        _ bytes: Span<UInt8>, _ cells: Span<RowBlock.Cell>, _ indices: Range<Int>, to writer: consuming ByteWriter
    ) -> ByteWriter {
        var line = writer
        for index in indices {
            if index > indices.lowerBound { line.append(.comma) }
            let cell = cells[index]
            bytes.prefetchRows(after: cell)
            // A parser marks a cell in which nothing needs quotes. What remains is a blank or the first
            // byte of U+FEFF in front, both ruled out by one comparison. Few values begin so.
            if cell.traits.contains(.plainCSV), bytes[cell.range.lowerBound] &- 0x21 < 0xef - 0x21 {
                line.append(copying: bytes, in: cell.range)
            } else if !cell.isNull {
                let marks = bytes.textMarks(in: cell.range)
                let isQuoted = needsQuotes(bytes, in: cell.range, marks)
                line = append(bytes, in: cell.range, marks, isQuoted: isQuoted, to: line)
            }
        }
        line.append(.lineFeed)
        return line
    }

    /// The most bytes that a value can take: every byte a doubled quote, two quotes around them, and the slack of copying.
    private static func room(for range: Range<Int>) -> Int {
        2 * range.count + 2 + ByteWriter.slack
    }

    private static func append(
        _ bytes: Span<UInt8>, in range: Range<Int>, _ marks: TextMarks, isQuoted: Bool, to writer: consuming ByteWriter
    ) -> ByteWriter {
        var line = writer
        if isQuoted { line.append(.quote) }
        if marks.hasQuotes {
            for offset in range {
                if bytes[offset] == .quote { line.append(.quote) }
                line.append(bytes[offset])
            }
        } else {
            line.append(copying: bytes, in: range)
        }
        if isQuoted { line.append(.quote) }
        return line
    }

    /// Whether a value is written in quotes.
    static func needsQuotes(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        needsQuotes(bytes, in: range, bytes.textMarks(in: range))
    }

    private static func needsQuotes(_ bytes: Span<UInt8>, in range: Range<Int>, _ marks: TextMarks) -> Bool {
        hasStructure(bytes, in: range, marks) || isBlank(bytes, in: range) || beginsWithMark(bytes, in: range)
    }

    /// Whether a value without quotes would be NULL, the end of PostgreSQL's COPY, or more than one value.
    private static func hasStructure(_ bytes: Span<UInt8>, in range: Range<Int>, _ marks: TextMarks) -> Bool {
        if marks.hasQuotes || marks.hasCommas || range.isEmpty { return true }
        guard marks.hasSpecials else { return false }
        return isEndOfCopy(bytes, in: range)
            || range.contains { bytes[$0] == .lineFeed || bytes[$0] == .carriageReturn }
    }

    /// Whether a value consists of spaces and tabs.
    private static func isBlank(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        range.allSatisfy { bytes[$0] == .space || bytes[$0] == .tab }
    }

    /// Whether a value begins with U+FEFF.
    private static func beginsWithMark(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        let start = range.lowerBound
        return range.count >= 3 && bytes[start] == 0xef && bytes[start + 1] == 0xbb && bytes[start + 2] == 0xbf
    }

    /// Whether a value is `\.`.
    static func isEndOfCopy(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        range.count == 2 && bytes[range.lowerBound] == .backslash && bytes[range.lowerBound + 1] == .point
    }
}

extension Span<UInt8> {
    /// Prefetch hint for the text of rows behind a cell: it was parsed a while ago, perhaps by another core.
    @inline(__always)
    func prefetchRows(after cell: RowBlock.Cell) { prefetch(at: Int(cell.start) + 2048) }
}
