import JSON
import Text

/// One JSON object a line, every column in order, NULL as `null`.
///
/// Booleans, integers and finite doubles are JSON values. Decimals are strings, since several loaders read numbers as
/// binary floats. `json` columns are embedded if they are valid; everything else is a string of the source's text.
package struct NDJSONEncoder: RowEncoder {
    package let fileHeader: [UInt8] = []
    private let types: [ColumnType]
    /// The text before each column's value, one after another, then `null` and the bytes that copying reads beyond it.
    private let prefixes: [UInt8]
    private let prefixEnds: [Int]
    private let nullText: Range<Int>

    package init(columns: [Column]) {
        types = columns.map(\.type)
        var prefixes: [UInt8] = []
        var ends: [Int] = []
        for (index, column) in columns.enumerated() {
            prefixes += Self.prefix(of: column, at: index)
            ends.append(prefixes.count)
        }
        nullText = prefixes.count..<prefixes.count + 4
        self.prefixes = prefixes + Array("null".utf8) + [UInt8](repeating: 0, count: ByteWriter.slack)
        prefixEnds = ends
    }

    /// The text before a column's value in every line.
    static func prefix(of column: Column, at index: Int) -> [UInt8] {
        var prefix: [UInt8] = index == 0 ? [.openBrace] : [.comma]
        prefix.appendJSONString(column.name)
        prefix.append(.colon)
        return prefix
    }

    package func encode(
        _ block: RowBlock, rows: Range<Int>, into output: inout EncodedRows, limit: Int
    ) -> Int {
        var row = rows.lowerBound
        while row < rows.upperBound, output.bytes.count < limit {
            output.starts.append(UInt32(output.bytes.count))
            append(block, row: row, to: &output.bytes)
            row += 1
        }
        return row
    }

    private func append(_ block: RowBlock, row: Int, to output: inout [UInt8]) {
        let bytes = block.bytes.span
        let cells = block.cells.span.extracting(block.cellIndices(ofRow: row))
        var start = 0
        while start < cells.count {
            var end = start
            while end < cells.count, isPlain(cells[end], inColumn: end) { end += 1 }
            if start < end { appendPlain(cells, start..<end, bytes, to: &output) }
            if end < cells.count { append(cells[end], inColumn: end, bytes, to: &output) }
            start = end + 1
        }
        output.append(.closeBrace)
        output.append(.lineFeed)
    }

    /// Whether a cell is NULL, or a text without escapes that need not be checked for valid JSON.
    private func isPlain(_ cell: RowBlock.Cell, inColumn column: Int) -> Bool {
        cell.isNull || cell.traits.contains(.plainJSON) && types[column] != .json
    }

    /// Cells of some columns in a row that are plain.
    private func appendPlain(
        _ cells: Span<RowBlock.Cell>, _ columns: Range<Int>, _ bytes: Span<UInt8>, to output: inout [UInt8]
    ) {
        let prefixes = prefixes.span
        var room = prefixes.count
        for column in columns { room += cells[column].range.count + 2 + 2 * ByteWriter.slack }
        output.append(room: room) { writer in
            var line = writer
            for column in columns {
                line.append(copying: prefixes, in: prefixRange(ofColumn: column))
                let cell = cells[column]
                bytes.prefetchRows(after: cell)
                if cell.isNull {
                    line.append(copying: prefixes, in: nullText)
                } else if Self.isJSON(bytes, in: cell.range, as: types[column]) {
                    line.append(copying: bytes, in: cell.range)
                } else {
                    line.append(.quote)
                    line.append(copying: bytes, in: cell.range)
                    line.append(.quote)
                }
            }
            return line
        }
    }

    /// A cell that is not NULL.
    private func append(
        _ cell: RowBlock.Cell, inColumn column: Int, _ bytes: Span<UInt8>, to output: inout [UInt8]
    ) {
        output.append(copying: prefixes.span, in: prefixRange(ofColumn: column))
        if Self.isJSON(bytes, in: cell.range, as: types[column]) {
            output.append(copying: bytes, in: cell.range)
        } else if types[column] != .json || !JSONMinifier.append(bytes, in: cell.range, to: &output) {
            output.appendJSONString(bytes, in: cell.range, isPlain: cell.traits.contains(.plainJSON))
        }
    }

    private func prefixRange(ofColumn column: Int) -> Range<Int> {
        (column == 0 ? 0 : prefixEnds[column - 1])..<prefixEnds[column]
    }

    /// Whether the source's text is already the JSON value of its type.
    static func isJSON(_ bytes: Span<UInt8>, in range: Range<Int>, as type: ColumnType) -> Bool {
        switch type {
        case .short, .int, .long: bytes.isJSONInteger(in: range)
        case .float, .double: bytes.isJSONNumber(in: range)
        case .boolean:
            (range.count == 4 && bytes.hasJSONToken("true", at: range.lowerBound))
                || (range.count == 5 && bytes.hasJSONToken("false", at: range.lowerBound))
        default: false
        }
    }
}

extension [UInt8] {
    /// Appends a text as a JSON string with its quotes.
    ///
    /// - Parameter isPlain: the text is known to need no escape.
    mutating func appendJSONString(_ bytes: Span<UInt8>, in range: Range<Int>, isPlain: Bool = false) {
        append(.quote)
        if isPlain {
            append(copying: bytes, in: range)
        } else {
            var start = range.lowerBound
            for offset in range where bytes[offset] < .space || bytes[offset] == .quote || bytes[offset] == .backslash {
                append(copying: bytes, in: start..<offset)
                appendJSONEscaped(bytes[offset])
                start = offset + 1
            }
            append(copying: bytes, in: start..<range.upperBound)
        }
        append(.quote)
    }
}
