import JSON

/// RFC 4180: UTF-8, comma, `\n`, a header line.
///
/// NULL is nothing between the separators. A value is quoted when it is empty, is `\.` (which ends PostgreSQL's COPY),
/// or contains a comma, quote, CR or LF; else it stands bare.
public struct CSVEncoder: RowEncoder {
    public let fileHeader: [UInt8]
    private let isSingleColumn: Bool

    public init(columns: [Column]) {
        var header: [UInt8] = []
        for (index, column) in columns.enumerated() {
            if index > 0 { header.append(0x2c) }
            let name = Array(column.name.utf8)
            Self.append(name.span, in: 0..<name.count, to: &header)
        }
        header.append(0x0a)
        fileHeader = header
        isSingleColumn = columns.count == 1
    }

    public func encode(row: Int, of block: RowBlock, into output: inout [UInt8]) throws(ExportError) {
        let bytes = block.bytes.span
        let indices = block.cellIndices(ofRow: row)
        for index in indices {
            if index > indices.lowerBound { output.append(0x2c) }
            let cell = block.cells[index]
            if !cell.isNull {
                Self.append(bytes, in: cell.range, to: &output)
            } else if isSingleColumn {
                // A blank line, which half of all readers drop.
                throw .schema(
                    "a NULL in a result of one column cannot be told from an empty line in CSV; use --format ndjson")
            }
        }
        output.append(0x0a)
    }

    private static func append(_ bytes: Span<UInt8>, in range: Range<Int>, to output: inout [UInt8]) {
        guard needsQuotes(bytes, in: range) else {
            output.append(copying: bytes, in: range)
            return
        }
        output.append(0x22)
        var start = range.lowerBound
        for offset in range where bytes[offset] == 0x22 {
            output.append(copying: bytes, in: start..<offset + 1)
            start = offset
        }
        output.append(copying: bytes, in: start..<range.upperBound)
        output.append(0x22)
    }

    static func needsQuotes(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        if range.isEmpty { return true }
        if range.count == 2, bytes[range.lowerBound] == 0x5c, bytes[range.lowerBound + 1] == 0x2e { return true }
        var offset = range.lowerBound
        while offset + 8 <= range.upperBound {
            let word = bytes.loadWord(at: offset)
            let hits =
                word.bytes(equalTo: 0x2c) | word.bytes(equalTo: 0x22) | word.bytes(equalTo: 0x0a)
                | word.bytes(equalTo: 0x0d)
            if hits != 0 { return true }
            offset += 8
        }
        while offset < range.upperBound {
            switch bytes[offset] {
            case 0x2c, 0x22, 0x0a, 0x0d: return true
            default: offset += 1
            }
        }
        return false
    }
}
