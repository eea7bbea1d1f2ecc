import JSON
import Text

/// Rows that no loader can take, as NDJSON: `{"row":17,"reason":"…","values":{…}}`.
///
/// `row` counts the result's data rows from 1. Values are strings of the source's text or `null`; what made the row
/// unloadable is written as a JSON escape, so the file itself is plain JSON.
struct RejectedRowEncoder: Sendable {
    private let schema: ResultSchema
    /// Columns of the key whose values a file embeds as JSON, where `null` is NULL.
    private let embeddedKeyIndices: [Int]

    init(schema: ResultSchema, format: FileFormat) {
        self.schema = schema
        embeddedKeyIndices = schema.keyIndices.filter { format == .ndjson && schema.columns[$0].type == .json }
    }

    /// The first of these rows that cannot be loaded, and why; nil if all can.
    func firstUnloadable(of rows: Range<Int>, in block: RowBlock) -> (row: Int, reason: String)? {
        for row in rows {
            if let reason = reason(row: row, of: block) { return (row, reason) }
        }
        return nil
    }

    /// Why a row cannot be loaded, or nil if it can.
    private func reason(row: Int, of block: RowBlock) -> String? {
        let first = block.cellIndices(ofRow: row).lowerBound
        for index in schema.keyIndices where block.cells[first + index].isNull {
            return "key column \(schema.columns[index].name) is NULL"
        }
        for index in embeddedKeyIndices where block.isJSONNull(first + index) {
            return "key column \(schema.columns[index].name) is the JSON value null"
        }
        guard block.hasUnloadableCells else { return nil }
        for (index, column) in schema.columns.enumerated() {
            let traits = block.cells[first + index].traits
            if traits.contains(.nul) { return "column \(column.name) holds U+0000" }
            if traits.contains(.loneSurrogate) { return "column \(column.name) holds a lone surrogate" }
        }
        return nil
    }

    func encode(row: Int, of block: RowBlock, number: Int, reason: String, into output: inout [UInt8]) {
        let bytes = block.bytes.span
        let first = block.cellIndices(ofRow: row).lowerBound
        output.append(contentsOf: "{\"row\":\(number),\"reason\":".utf8)
        output.appendJSONString(reason)
        output.append(contentsOf: ",\"values\":{".utf8)
        for (index, column) in schema.columns.enumerated() {
            if index > 0 { output.append(.comma) }
            output.appendJSONString(column.name)
            output.append(.colon)
            Self.append(block.cells[first + index], bytes, to: &output)
        }
        output.append(contentsOf: "}}\n".utf8)
    }

    private static func append(_ cell: RowBlock.Cell, _ bytes: Span<UInt8>, to output: inout [UInt8]) {
        if cell.isNull {
            output.append(contentsOf: "null".utf8)
        } else if !cell.traits.contains(.loneSurrogate) {
            output.appendJSONString(bytes, in: cell.range)
        } else {
            output.append(.quote)
            var offset = cell.range.lowerBound
            while offset < cell.range.upperBound {
                // ED A0…BF xx is what a lone surrogate was decoded to; valid UTF-8 never has it.
                if bytes[offset] == 0xed, offset + 2 < cell.range.upperBound, bytes[offset + 1] >= 0xa0 {
                    let unit = 0xd000 | Int(bytes[offset + 1] & 0x3f) << 6 | Int(bytes[offset + 2] & 0x3f)
                    output.append(contentsOf: "\\u\(String(unit, radix: 16))".utf8)
                    offset += 3
                } else {
                    output.appendJSONEscaped(bytes[offset])
                    offset += 1
                }
            }
            output.append(.quote)
        }
    }
}

extension RowBlock {
    /// Whether a cell holds `null`, perhaps with blanks around it.
    fileprivate func isJSONNull(_ index: Int) -> Bool {
        var value: [UInt8] = []
        return JSONMinifier.append(bytes.span, in: cells[index].range, to: &value) && value.elementsEqual("null".utf8)
    }
}
