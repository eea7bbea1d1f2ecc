import JSON
import Text

/// Reads what ``CSVEncoder`` writes, and what version 0.1.0 wrote without quotes: texts of blanks, and those that begin
/// with U+FEFF. Nothing else is accepted.
struct CSVScanner: RowScanner {
    let fileHeaders: [[UInt8]]
    private let columnCount: Int

    init(columns: [Column]) {
        fileHeaders = [CSVEncoder(columns: columns).fileHeader, CSVEncoder.olderFileHeader(columns: columns)]
        columnCount = columns.count
    }

    func scanRow(_ text: Span<UInt8>, from start: Int, into rows: inout ScannedRows) throws(RowProblem) -> Int? {
        var offset = start
        for column in 0..<columnCount {
            guard offset < text.count else { return nil }
            let end =
                text[offset] == .quote
                ? try scanQuoted(text, from: offset + 1, into: &rows)
                : try scanBare(text, from: offset, into: &rows)
            guard let end, end < text.count else { return nil }
            let isLast = column + 1 == columnCount
            guard text[end] == (isLast ? .lineFeed : .comma) else {
                throw switch text[end] {
                case .lineFeed: RowProblem("it has \(column + 1) of \(columnCount) values")
                case .comma: RowProblem("it has more than \(columnCount) values")
                default: RowProblem("something follows a closing quote")
                }
            }
            offset = end + 1
        }
        return offset
    }

    /// - Returns: the offset of the comma or line end behind the value.
    private func scanBare(
        _ text: Span<UInt8>, from start: Int, into rows: inout ScannedRows
    ) throws(RowProblem) -> Int? {
        guard let end = text.endOfBareCSV(from: start) else { return nil }
        switch text[end] {
        case .quote: throw RowProblem("a quote stands in a value without quotes")
        case .carriageReturn: throw RowProblem("a carriage return stands outside quotes")
        default: break
        }
        if end == start {
            guard columnCount > 1 else { throw RowProblem("it is blank") }
            rows.appendNull()
            return end
        }
        if CSVEncoder.isEndOfCopy(text, in: start..<end) {
            throw RowProblem("the value \\. stands without quotes")
        }
        rows.append(start..<end)
        return end
    }

    /// - Parameter start: behind the opening quote.
    /// - Returns: the offset behind the closing quote.
    private func scanQuoted(
        _ text: Span<UInt8>, from start: Int, into rows: inout ScannedRows
    ) throws(RowProblem) -> Int? {
        var hasQuotes = false
        var offset = start
        while true {
            // The byte behind a quote decides whether it closes the value.
            guard let quote = text.firstIndex(of: .quote, from: offset), quote + 1 < text.count else { return nil }
            offset = quote + 2
            guard text[quote + 1] != .quote else {
                hasQuotes = true
                continue
            }
            let range = start..<quote
            if hasQuotes {
                rows.appendDecoded { Self.appendUndoubled(text, in: range, to: &$0) }
            } else {
                guard CSVEncoder.needsQuotes(text, in: range) else {
                    throw RowProblem("a value is in quotes without need")
                }
                rows.append(range)
            }
            return quote + 1
        }
    }

    private static func appendUndoubled(_ text: Span<UInt8>, in range: Range<Int>, to output: inout [UInt8]) {
        var start = range.lowerBound
        while let quote = text.firstIndex(of: .quote, from: start), quote < range.upperBound {
            output.append(copying: text, in: start..<quote + 1)
            start = quote + 2
        }
        output.append(copying: text, in: start..<range.upperBound)
    }
}

extension Span<UInt8> {
    /// The first comma, quote, CR or LF from `start` on; nil if there is none.
    fileprivate func endOfBareCSV(from start: Int) -> Int? {
        var offset = start
        while offset &+ 8 <= count {
            let word = loadWord(at: offset)
            let hits =
                word.bytes(equalTo: .comma) | word.bytes(equalTo: .lineFeed) | word.bytes(equalTo: .quote)
                | word.bytes(equalTo: .carriageReturn)
            if hits != 0 { return offset &+ hits.trailingZeroBitCount >> 3 }
            offset &+= 8
        }
        while offset < count {
            switch self[offset] {
            case .comma, .quote, .lineFeed, .carriageReturn: return offset
            default: offset += 1
            }
        }
        return nil
    }
}
