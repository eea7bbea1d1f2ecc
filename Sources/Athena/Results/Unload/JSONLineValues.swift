import BatchExport
import JSON
import Text

/// Makes cells of the values in a line, each of the kind that its column's expression gives.
struct JSONLineValues {
    /// Cells whose text still holds escapes.
    private(set) var escaped: [Int] = []
    /// Cells of hexadecimal digits without blanks.
    private(set) var hexadecimals: [Int] = []

    /// Forgets what was noted of cells that are read again.
    mutating func forget(from number: Int) {
        escaped.removeAll { $0 >= number }
        hexadecimals.removeAll { $0 >= number }
    }

    /// - Parameters:
    ///   - offset: where the value begins; moved behind it.
    ///   - number: of the cell in its block.
    @inline(__always)
    mutating func cell(
        _ text: Span<UInt8>, at offset: inout Int, _ form: ColumnForm, _ column: Int, number: Int
    ) throws(JSONLinesError) -> RowBlock.Cell {
        if offset < text.count, text[offset] == .quote, form != .boolean, form != .integer, form != .null {
            return try string(text, at: &offset, form, column, number: number)
        }
        return try scalar(text, at: &offset, form, column)
    }

    @inline(__always)
    private mutating func string(
        _ text: Span<UInt8>, at offset: inout Int, _ form: ColumnForm, _ column: Int, number: Int
    ) throws(JSONLinesError) -> RowBlock.Cell {
        let start = offset &+ 1
        let end: Span<UInt8>.JSONStringEnd
        do {
            end = try text.endOfJSONString(from: start)
        } catch {
            throw JSONLinesError(error, column: column, at: start)
        }
        let value = start..<end.quote
        offset = end.quote &+ 1
        if end.hasNonASCII { try checkUTF8(text, in: value, column) }
        switch form {
        case .float: try checkNotANumber(text, in: value, column)
        case .hexadecimal:
            try checkHexadecimal(text, in: value, column)
            hexadecimals.append(number)
        default: break
        }
        if end.hasEscapes { escaped.append(number) }
        var traits: RowBlock.Traits = end.hasEscapes ? [] : [.plainJSON, .plainCSV]
        if end.hasCommas || value.isEmpty { traits.remove(.plainCSV) }
        return RowBlock.Cell(start: start, count: value.count, traits: traits)
    }

    /// A value without quotes.
    @inline(__always)
    private func scalar(
        _ text: Span<UInt8>, at offset: inout Int, _ form: ColumnForm, _ column: Int
    ) throws(JSONLinesError) -> RowBlock.Cell {
        let value = offset..<text.endOfJSONScalar(from: offset)
        offset = value.upperBound
        if text.isEqual("null", in: value) { return .null }
        let isRight =
            switch form {
            case .boolean: text.isEqual("true", in: value) || text.isEqual("false", in: value)
            case .integer: text.isJSONInteger(in: value)
            case .float: text.isJSONNumber(in: value) || Self.isNotANumber(text, in: value)
            default: false
            }
        guard isRight else {
            throw JSONLinesError(offset: value.lowerBound, column: column, reason: "the value is not \(form.inWords)")
        }
        return RowBlock.Cell(start: value.lowerBound, count: value.count, traits: [.plainJSON, .plainCSV])
    }

    private func checkNotANumber(
        _ text: Span<UInt8>, in range: Range<Int>, _ column: Int
    ) throws(JSONLinesError) {
        guard Self.isNotANumber(text, in: range) else {
            throw JSONLinesError(
                offset: range.lowerBound, column: column, reason: "the value is not \(ColumnForm.float.inWords)")
        }
    }

    private static func isNotANumber(_ text: Span<UInt8>, in range: Range<Int>) -> Bool {
        text.isEqual("NaN", in: range) || text.isEqual("Infinity", in: range) || text.isEqual("-Infinity", in: range)
    }

    private func checkHexadecimal(
        _ text: Span<UInt8>, in range: Range<Int>, _ column: Int
    ) throws(JSONLinesError) {
        var isRight = range.count % 2 == 0
        for offset in range where !text[offset].isHexadecimalDigit { isRight = false }
        guard isRight else {
            throw JSONLinesError(
                offset: range.lowerBound, column: column, reason: "the value is not \(ColumnForm.hexadecimal.inWords)")
        }
    }

    private func checkUTF8(_ text: Span<UInt8>, in range: Range<Int>, _ column: Int) throws(JSONLinesError) {
        do {
            _ = try UTF8Span(validating: text.extracting(range))
        } catch {
            throw JSONLinesError(
                offset: range.lowerBound + error.byteOffsets.lowerBound, column: column,
                reason: "the text is not valid UTF-8")
        }
    }
}

extension ColumnForm {
    /// What a line has for such a column.
    fileprivate var inWords: String {
        switch self {
        case .boolean: "true, false or null"
        case .integer: "an integer or null"
        case .float: "a number, NaN, an infinity or null"
        case .hexadecimal: "a text of pairs of hexadecimal digits or null"
        case .text, .castToText, .jsonText, .nested: "a text or null"
        case .null: "null"
        }
    }
}
