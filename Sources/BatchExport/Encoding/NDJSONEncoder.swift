import JSON

/// One JSON object a line, every column in order, NULL as `null`.
///
/// Booleans, integers and finite doubles are JSON's own; decimals are strings, since several loaders read numbers as
/// binary floats; `json` columns are embedded where they are valid; everything else is a string of the source's text.
public struct NDJSONEncoder: RowEncoder {
    public let fileHeader: [UInt8] = []
    private let fields: [(prefix: [UInt8], type: LoadType)]

    public init(columns: [Column]) {
        fields = columns.enumerated().map { (Self.prefix(of: $1, at: $0), $1.type) }
    }

    /// What stands before a column's value in every line.
    static func prefix(of column: Column, at index: Int) -> [UInt8] {
        var prefix: [UInt8] = index == 0 ? [0x7b] : [0x2c]
        prefix.appendJSONString(column.name)
        prefix.append(0x3a)
        return prefix
    }

    public func encode(row: Int, of block: RowBlock, into output: inout [UInt8]) {
        let bytes = block.bytes.span
        let first = block.cellIndices(ofRow: row).lowerBound
        for column in fields.indices {
            output.append(contentsOf: fields[column].prefix)
            Self.append(block.cells[first + column], bytes, as: fields[column].type, to: &output)
        }
        output.append(0x7d)
        output.append(0x0a)
    }

    private static func append(
        _ cell: RowBlock.Cell, _ bytes: Span<UInt8>, as type: LoadType, to output: inout [UInt8]
    ) {
        if cell.isNull {
            output.append(contentsOf: [0x6e, 0x75, 0x6c, 0x6c])
        } else if isJSON(bytes, in: cell.range, as: type) {
            output.append(copying: bytes, in: cell.range)
        } else if type != .json || !JSONMinifier.append(bytes, in: cell.range, to: &output) {
            output.appendJSONString(bytes, in: cell.range, isPlain: cell.traits.contains(.plainJSON))
        }
    }

    /// Whether the source's text is already the JSON value of its type.
    static func isJSON(_ bytes: Span<UInt8>, in range: Range<Int>, as type: LoadType) -> Bool {
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
        append(0x22)
        if isPlain {
            append(copying: bytes, in: range)
        } else {
            var start = range.lowerBound
            for offset in range where bytes[offset] < 0x20 || bytes[offset] == 0x22 || bytes[offset] == 0x5c {
                append(copying: bytes, in: start..<offset)
                appendJSONEscaped(bytes[offset])
                start = offset + 1
            }
            append(copying: bytes, in: start..<range.upperBound)
        }
        append(0x22)
    }
}
