import JSON
import Text

/// Reads what ``NDJSONEncoder`` writes, and nothing else.
///
/// Cells get the text that the source had. A `json` column's text stays as it was embedded, without blanks.
struct NDJSONScanner: RowScanner {
    let fileHeaders: [[UInt8]] = [[]]
    private let fields: [(prefix: [UInt8], type: ColumnType)]

    init(columns: [Column]) {
        fields = columns.enumerated().map { (NDJSONEncoder.prefix(of: $1, at: $0), $1.type) }
    }

    func scanRow(_ text: Span<UInt8>, from start: Int, into rows: inout ScannedRows) throws(RowProblem) -> Int? {
        // No value contains a line end, so a line without one is incomplete.
        guard let end = text.firstIndex(of: .lineFeed, from: start) else { return nil }
        let line = text.extracting(..<end)
        var offset = start
        for (column, field) in fields.enumerated() {
            guard line.hasBytes(field.prefix, at: offset) else {
                throw RowProblem("column \(column + 1) does not stand where the manifest's columns have it")
            }
            offset += field.prefix.count
            offset = try scanValue(line, from: offset, as: field.type, into: &rows)
        }
        guard offset + 1 == end, line[offset] == .closeBrace else {
            throw RowProblem("something stands behind column \(fields.count)")
        }
        return end + 1
    }

    private func scanValue(
        _ line: Span<UInt8>, from start: Int, as type: ColumnType, into rows: inout ScannedRows
    ) throws(RowProblem) -> Int {
        guard start < line.count else { throw RowProblem("the line ends before a value") }
        if line.hasJSONToken("null", at: start) {
            rows.appendNull()
            return start + 4
        }
        if type == .json { return try scanEmbedded(line, from: start, into: &rows) }
        if line[start] == .quote { return try scanString(line, from: start, as: type, into: &rows) }
        let end = line.endOfJSONScalar(from: start)
        guard NDJSONEncoder.isJSON(line, in: start..<end, as: type) else {
            throw RowProblem("a value is not of its column's type \(type.rawValue)")
        }
        rows.append(start..<end)
        return end
    }

    private func scanString(
        _ line: Span<UInt8>, from start: Int, as type: ColumnType, into rows: inout ScannedRows
    ) throws(RowProblem) -> Int {
        let (range, hasEscapes) = try stringRange(line, from: start)
        if hasEscapes {
            try rows.appendDecoded { (output) throws(RowProblem) in try Self.appendDecoded(line, range, to: &output) }
        } else {
            guard !NDJSONEncoder.isJSON(line, in: range, as: type) else {
                throw RowProblem("a value is in quotes without need")
            }
            rows.append(range)
        }
        return range.upperBound + 1
    }

    /// A `json` column: any value as it is.
    ///
    /// The encoder writes a text that it cannot embed as a string. Such a text, if it is JSON at all, is an object or
    /// array with an escape that loaders refuse; other strings are JSON texts themselves.
    private func scanEmbedded(
        _ line: Span<UInt8>, from start: Int, into rows: inout ScannedRows
    ) throws(RowProblem) -> Int {
        let end: Int
        do { end = try line.skipJSONValue(from: start) } catch { throw RowProblem("a value is not JSON") }
        var scratch: [UInt8] = []
        guard JSONMinifier.append(line, in: start..<end, to: &scratch), scratch.count == end - start else {
            throw RowProblem("a value is not JSON without blanks")
        }
        guard line[start] == .quote, start + 1 < end, line[start + 1] == .openBrace || line[start + 1] == .openBracket,
            line.isEscapedAsWritten(in: start + 1..<end - 1)
        else {
            rows.append(start..<end)
            return end
        }
        var decoded: [UInt8] = []
        try Self.appendDecoded(line, start + 1..<end - 1, to: &decoded)
        scratch.removeAll()
        if JSONMinifier.append(decoded.span, in: 0..<decoded.count, to: &scratch) {
            rows.append(start..<end)
        } else {
            rows.appendDecoded { $0 += decoded }
        }
        return end
    }

    private func stringRange(
        _ line: Span<UInt8>, from start: Int
    ) throws(RowProblem) -> (range: Range<Int>, hasEscapes: Bool) {
        do {
            let end = try line.endOfJSONString(from: start + 1)
            return (start + 1..<end.quote, end.hasEscapes)
        } catch {
            throw RowProblem("a string does not end or contains a control character")
        }
    }

    private static func appendDecoded(
        _ line: Span<UInt8>, _ range: Range<Int>, to output: inout [UInt8]
    ) throws(RowProblem) {
        guard line.isEscapedAsWritten(in: range) else {
            throw RowProblem("a string has an escape that the encoder does not write")
        }
        let start = output.count
        output.append(copying: line, in: range)
        do {
            var bytes = output.mutableSpan
            let result = try JSONUnescaping.decode(&bytes, in: start..<start + range.count)
            guard !result.hasNUL, !result.hasLoneSurrogate else {
                throw RowProblem("a string contains U+0000 or a lone surrogate")
            }
            output.removeLast(range.count - result.count)
        } catch let problem as RowProblem {
            throw problem
        } catch {
            throw RowProblem("a string has an invalid escape")
        }
    }
}

extension Span<UInt8> {
    fileprivate func hasBytes(_ bytes: [UInt8], at offset: Int) -> Bool {
        guard offset + bytes.count <= count else { return false }
        for index in bytes.indices where bytes[index] != self[offset + index] { return false }
        return true
    }

    /// Whether every escape is the one that the encoder writes: the short ones, and `\u00` and two digits for the other
    /// control characters.
    fileprivate func isEscapedAsWritten(in range: Range<Int>) -> Bool {
        var offset = range.lowerBound
        while let escape = firstIndex(of: .backslash, from: offset), escape < range.upperBound {
            guard escape + 1 < range.upperBound else { return false }
            offset = escape + 2
            switch self[escape + 1] {
            case .quote, .backslash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
                UInt8(ascii: "t"):
                continue
            case UInt8(ascii: "u"): break
            default: return false
            }
            guard escape + 6 <= range.upperBound, hasJSONToken("00", at: offset) else { return false }
            let high = self[escape + 4]
            let low = self[escape + 5]
            guard "01".utf8.contains(high), "0123456789abcdef".utf8.contains(low) else { return false }
            let hasShortForm = high == UInt8(ascii: "0") && "89acd".utf8.contains(low)
            guard !hasShortForm else { return false }
            offset = escape + 6
        }
        return true
    }
}
