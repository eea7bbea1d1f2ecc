import JSON
import Text

/// Steps through the names of one line.
///
/// Unlike ``JSONMembers`` it stays within the line: a line end between two members would move the end of the line.
struct JSONLineMembers {
    /// Where the value of the current member begins; the caller moves it behind the value.
    var offset: Int
    private var isFirst = true

    /// - Parameter start: of the line.
    @inline(__always)
    init(_ text: Span<UInt8>, at start: Int) throws(JSONLinesError) {
        offset = text.skipLineBlanks(from: start)
        guard offset < text.count, text[offset] == .openBrace else {
            throw JSONLinesError(offset: offset, column: nil, reason: "a line does not begin with {")
        }
        offset = text.skipLineBlanks(from: offset &+ 1)
    }

    /// - Parameter expected: the column that most likely comes next.
    /// - Returns: the column whose value stands at ``offset``; nil behind the last.
    @inline(__always)
    mutating func next(
        _ text: Span<UInt8>, _ reader: JSONLinesReader, expected: Int
    ) throws(JSONLinesError) -> Int? {
        if isFirst {
            isFirst = false
            if offset < text.count, text[offset] == .closeBrace { return close() }
        } else {
            offset = text.skipLineBlanks(from: offset)
            guard offset < text.count, text[offset] == .comma else {
                guard offset < text.count, text[offset] == .closeBrace else {
                    throw JSONLinesError(
                        offset: offset, column: nil, reason: "neither a comma nor } follows a value")
                }
                return close()
            }
            offset = text.skipLineBlanks(from: offset &+ 1)
        }
        if expected < min(reader.names.count, 10_000), offset &+ 8 <= text.count,
            text.loadWord(at: offset) == reader.names[expected]
        {
            offset = text.skipLineBlanks(from: offset &+ 8)
            return expected
        }
        return try readName(text, columnCount: reader.forms.count)
    }

    private mutating func close() -> Int? {
        offset &+= 1
        return nil
    }

    /// Reads a name that is not the one expected.
    @inline(never)
    private mutating func readName(_ text: Span<UInt8>, columnCount: Int) throws(JSONLinesError) -> Int {
        guard offset < text.count, text[offset] == .quote else {
            throw JSONLinesError(offset: offset, column: nil, reason: "a name does not begin with a quote")
        }
        let start = offset
        let end: Int
        do {
            end = try text.endOfJSONString(from: offset + 1).quote
        } catch {
            throw JSONLinesError(error, column: nil, at: offset)
        }
        guard let column = Self.column(text, in: start + 1..<end), column < columnCount else {
            throw JSONLinesError(offset: start, column: nil, reason: "a name is none of the columns'")
        }
        offset = text.skipLineBlanks(from: end + 1)
        guard offset < text.count, text[offset] == .colon else {
            throw JSONLinesError(offset: offset, column: column, reason: "no colon follows a name")
        }
        offset = text.skipLineBlanks(from: offset + 1)
        return column
    }

    private static func column(_ text: Span<UInt8>, in range: Range<Int>) -> Int? {
        guard (5...8).contains(range.count), text[range.lowerBound] == UInt8(ascii: "c") else { return nil }
        var column = 0
        for offset in range.lowerBound + 1..<range.upperBound {
            guard text[offset].isDigit else { return nil }
            column = column * 10 + Int(text[offset] &- 0x30)
        }
        // More leading zeros do not name the same column.
        return OuterSelect.name(ofColumn: column).utf8.count == range.count ? column : nil
    }

    /// - Returns: where the next line begins.
    @inline(__always)
    func endOfLine(_ text: Span<UInt8>) throws(JSONLinesError) -> Int {
        let end = text.skipLineBlanks(from: offset)
        guard end < text.count else { return end }
        guard text[end] == .lineFeed else {
            throw JSONLinesError(offset: end, column: nil, reason: "more text follows the object in a line")
        }
        return end &+ 1
    }
}

extension Span<UInt8> {
    /// Skips blanks that are no line feeds.
    @inline(__always)
    func skipLineBlanks(from start: Int) -> Int {
        var offset = start
        while offset < count, self[offset] == .space || self[offset] == .tab || self[offset] == .carriageReturn {
            offset &+= 1
        }
        return offset
    }
}

extension JSONLinesError {
    /// - Parameter start: for an error without a place.
    init(_ error: JSONError, column: Int?, at start: Int) {
        switch error {
        case .syntax(let offset, let reason): self.init(offset: offset, column: column, reason: reason)
        case .field(_, let expected, _): self.init(offset: start, column: column, reason: "expected \(expected)")
        }
    }
}
