package import BatchExport
package import JSON
import Text

/// One answer of GetQueryResults.
package struct ResultsAnswer: Sendable {
    package let columns: [ColumnInfo]
    /// Every row of the answer, the header row too if there is one.
    package let rows: RowBlock
    let nextToken: String?

    /// Reads the body of an answer.
    ///
    /// The body becomes the block's buffer: cells point into it, and escaped texts are decoded in place. If the body is
    /// shared, it is copied first.
    package init(
        parsing body: consuming [UInt8], knownColumns: KnownColumns = KnownColumns()
    ) throws(JSONError) {
        var parser = ResultsPageParser(knownColumns: knownColumns)
        try parser.parse(body.span)
        try parser.unescape(&body)
        columns = parser.columns ?? []
        nextToken = parser.nextToken
        rows = RowBlock(
            bytes: body, cells: parser.cells, columnCount: columns.count,
            hasUnloadableCells: parser.hasUnloadableCells)
    }
}

/// Reads the text of a page once, front to back.
///
/// The service sends every page twice: beside `Rows` and `ResultSetMetadata` stand `ResultRows` and `ColumnInfos`,
/// which no model names. Members that are not named here are skipped. Members may come in any order; rows that come
/// before the columns are skipped and read afterwards.
private struct ResultsPageParser {
    private(set) var columns: [ColumnInfo]?
    private(set) var nextToken: String?
    private(set) var cells: [RowBlock.Cell] = []
    private(set) var hasUnloadableCells = false
    private let knownColumns: KnownColumns
    /// Cells whose text still holds escapes.
    private var escaped: [Int] = []
    private var rowsOffset: Int?
    private var seen: Members = []

    /// The members that are read. A repeated one is refused, since it is unknown which of them counts.
    private struct Members: OptionSet {
        let rawValue: Int
        static let nextToken = Members(rawValue: 1)
        static let resultSet = Members(rawValue: 2)
        static let metadata = Members(rawValue: 4)
        static let rows = Members(rawValue: 8)
    }

    init(knownColumns: KnownColumns) {
        self.knownColumns = knownColumns
    }

    mutating func parse(_ text: Span<UInt8>) throws(JSONError) {
        try text.checkJSONBeginning()
        var members = JSONMembers(at: 0)
        while let name = try members.next(in: text) {
            if text.isEqual("NextToken", in: name) {
                try once(.nextToken, at: name)
                nextToken = try JSONValue.optionalString(in: text, at: members.valueOffset, path: "NextToken")
                members.valueEnd = try text.skipJSONValue(from: members.valueOffset)
            } else if text.isEqual("ResultSet", in: name), try once(.resultSet, at: name),
                !text.hasJSONNull(at: members.valueOffset)
            {
                members.valueEnd = try parseResultSet(text, at: members.valueOffset)
            } else {
                members.valueEnd = try text.skipJSONValue(from: members.valueOffset)
            }
        }
        let end = text.skipJSONWhitespace(from: members.valueEnd)
        guard end == text.count else { throw .syntax(offset: end, reason: "more text follows the answer") }
        if let rowsOffset { _ = try parseRows(text, at: rowsOffset) }
    }

    private mutating func parseResultSet(_ text: Span<UInt8>, at start: Int) throws(JSONError) -> Int {
        var members = JSONMembers(at: start)
        while let name = try members.next(in: text) {
            let value = members.valueOffset
            if text.isEqual("ResultSetMetadata", in: name) {
                try once(.metadata, at: name)
                members.valueEnd = try text.skipJSONValue(from: value)
                columns = try knownColumns.list(in: text, range: value..<members.valueEnd)
            } else if text.isEqual("Rows", in: name), try once(.rows, at: name), !text.hasJSONNull(at: value) {
                if columns != nil {
                    members.valueEnd = try parseRows(text, at: value)
                } else {
                    rowsOffset = value
                    members.valueEnd = try text.skipJSONValue(from: value)
                }
            } else {
                members.valueEnd = try text.skipJSONValue(from: value)
            }
        }
        return members.valueEnd
    }

    @discardableResult
    private mutating func once(_ member: Members, at name: Range<Int>) throws(JSONError) -> Bool {
        guard seen.insert(member).inserted else { throw Self.repeated(name) }
        return true
    }

    private static func repeated(_ name: Range<Int>) -> JSONError {
        .syntax(offset: name.lowerBound, reason: "a member stands twice in one object")
    }

    private mutating func parseRows(_ text: Span<UInt8>, at start: Int) throws(JSONError) -> Int {
        let columnCount = columns?.count ?? 0
        // The answer to MSCK REPAIR TABLE. Without columns there are no values; the caller decides whether that is an
        // error.
        if columns?.isEmpty == true { return try text.skipJSONValue(from: start) }
        var offset = text.skipJSONWhitespace(from: try text.expectJSON(.openBracket, from: start))
        if offset < text.count, text[offset] == .closeBracket { return offset + 1 }
        var cells: [RowBlock.Cell] = []
        var isEnd = false
        while !isEnd {
            let before = cells.count
            // A page has a thousand rows and a header; longer answers are not the service's, and make room by doubling.
            // A cell takes two bytes at least; without that bound, column names alone could ask for any amount. Asked for
            // none, the standard library writes to the empty array, which all threads share.
            let room = max(1, columnCount, min(max(columnCount * 1001, before), (text.count - offset) / 2))
            try cells.append(addingCapacity: room) { (output) throws(JSONError) in
                while !isEnd, output.freeCapacity >= columnCount {
                    offset = try parseRow(text, at: offset, of: columnCount, into: &output, after: before)
                    isEnd = try !text.hasNextJSONElement(at: &offset)
                }
            }
        }
        self.cells = cells
        return offset
    }

    /// Reads a row, and makes NULLs of the values that it does not have.
    ///
    /// - Parameter before: cells in front of the output.
    private mutating func parseRow(
        _ text: Span<UInt8>, at start: Int, of columnCount: Int, into output: inout OutputSpan<RowBlock.Cell>,
        after before: Int
    ) throws(JSONError) -> Int {
        let start = text.skipJSONWhitespace(from: start)
        let end = output.count + columnCount
        var members = JSONMembers(at: start)
        var hasData = false
        if text.hasDataArray(at: start) {
            let offset = try parseData(text, at: start + 9, until: end, into: &output, after: before)
            hasData = true
            members = JSONMembers(after: offset)
        }
        while let name = try members.next(in: text) {
            let value = members.valueOffset
            guard text.isEqual("Data", in: name) else {
                members.valueEnd = try text.skipJSONValue(from: value)
                continue
            }
            guard !hasData else { throw Self.repeated(name) }
            hasData = true
            if text.hasJSONNull(at: value) {
                members.valueEnd = try text.skipJSONValue(from: value)
            } else {
                members.valueEnd = try parseData(
                    text, at: try text.expectJSON(.openBracket, from: value), until: end, into: &output, after: before)
            }
        }
        // SHOW and DESCRIBE give fewer values than columns, but never so many fewer that more values are missing than
        // the text has bytes.
        guard before + end <= text.count || output.count == end else {
            throw .syntax(offset: start, reason: "\(columnCount) columns, but most of the values are missing")
        }
        while output.count < end { output.append(.null) }
        return members.valueEnd
    }

    /// Reads the values of a row.
    ///
    /// - Parameters:
    ///   - start: behind the opening bracket.
    ///   - limit: cells that the output may have.
    private mutating func parseData(
        _ text: Span<UInt8>, at start: Int, until limit: Int, into output: inout OutputSpan<RowBlock.Cell>,
        after before: Int
    ) throws(JSONError) -> Int {
        var offset = text.skipJSONWhitespace(from: start)
        if offset < text.count, text[offset] == .closeBracket { return offset + 1 }
        repeat {
            guard output.count < limit else {
                let count = try text.countOfJSONElements(from: start)
                throw .syntax(
                    offset: start, reason: "a row has \(count) values, but there are \(columns?.count ?? 0) columns")
            }
            offset = try parseDatum(text, at: offset, into: &output, after: before)
        } while try text.hasNextJSONElement(at: &offset)
        return offset
    }

    private mutating func parseDatum(
        _ text: Span<UInt8>, at start: Int, into output: inout OutputSpan<RowBlock.Cell>, after before: Int
    ) throws(JSONError) -> Int {
        if text.hasVarCharValue(at: start) {
            let value = start + 17
            let end = try text.endOfJSONString(from: value)
            if end.quote + 1 < text.count, text[end.quote + 1] == .closeBrace {
                try appendString(text, from: value, end, to: &output, after: before)
                return end.quote + 2
            }
        }
        // Of the four members that a Datum may have, one has a value; none is NULL.
        var members = JSONMembers(at: start)
        var value: Int?
        while let name = try members.next(in: text) {
            if text.isDatumMember(name), !text.hasJSONNull(at: members.valueOffset) {
                guard value == nil else { throw .syntax(offset: name.lowerBound, reason: "a Datum has two values") }
                value = members.valueOffset
            }
            members.valueEnd = try text.skipJSONValue(from: members.valueOffset)
        }
        if let value, text[value] == .quote {
            try appendString(
                text, from: value + 1, try text.endOfJSONString(from: value + 1), to: &output, after: before)
        } else if let value {
            output.append(try scalarCell(text, at: value))
        } else {
            output.append(.null)
        }
        return members.valueEnd
    }

    @inline(__always)
    private mutating func appendString(
        _ text: Span<UInt8>, from start: Int, _ end: Span<UInt8>.JSONStringEnd,
        to output: inout OutputSpan<RowBlock.Cell>, after before: Int
    ) throws(JSONError) {
        if end.hasNonASCII { try text.checkUTF8(in: start..<end.quote) }
        if end.hasEscapes { escaped.append(before + output.count) }
        var traits: RowBlock.Traits = end.hasEscapes ? [] : [.plainJSON, .plainCSV]
        if end.hasCommas || end.quote == start { traits.remove(.plainCSV) }
        output.append(RowBlock.Cell(start: start, count: end.quote - start, traits: traits))
    }

    /// A number or boolean: the value's text is that of the JSON.
    private func scalarCell(_ text: Span<UInt8>, at start: Int) throws(JSONError) -> RowBlock.Cell {
        let end = text.endOfJSONScalar(from: start)
        let isBoolean =
            text.hasJSONToken("true", at: start) && end - start == 4
            || text.hasJSONToken("false", at: start) && end - start == 5
        guard isBoolean || text.isJSONNumber(in: start..<end) else {
            throw .syntax(offset: start, reason: "expected a string, a number or a boolean as the value of a Datum")
        }
        return RowBlock.Cell(start: start, count: end - start, traits: [.plainJSON, .plainCSV])
    }

    /// Decodes the escaped texts in place, after the JSON has been read.
    mutating func unescape(_ body: inout [UInt8]) throws(JSONError) {
        guard !escaped.isEmpty else { return }
        var bytes = body.mutableSpan
        for index in escaped {
            let cell = cells[index]
            let result = try JSONUnescaping.decode(&bytes, in: cell.range)
            var traits: RowBlock.Traits = []
            if result.hasNUL { traits.insert(.nul) }
            if result.hasLoneSurrogate { traits.insert(.loneSurrogate) }
            hasUnloadableCells = hasUnloadableCells || !traits.isEmpty
            cells[index] = RowBlock.Cell(start: Int(cell.start), count: result.count, traits: traits)
        }
    }
}

extension Span<UInt8> {
    /// Whether `{"VarCharValue":"` stands here, as before almost every value. Compares two words and a byte.
    @inline(__always)
    fileprivate func hasVarCharValue(at offset: Int) -> Bool {
        offset + 17 <= count
            && loadWord(at: offset) == 0x6168_4372_6156_227b  // {"VarCha
            && loadWord(at: offset + 8) == 0x3a22_6575_6c61_5672  // rValue":
            && self[offset + 16] == .quote
    }

    /// Whether `{"Data":[` stands here, as it does at the beginning of every row.
    @inline(__always)
    fileprivate func hasDataArray(at offset: Int) -> Bool {
        offset + 9 <= count
            && loadWord(at: offset) == 0x3a22_6174_6144_227b  // {"Data":
            && self[offset + 8] == .openBracket
    }

    /// After an element of an array: at a comma, the offset is moved to the next element; at the closing bracket,
    /// behind the bracket.
    @inline(__always)
    fileprivate func hasNextJSONElement(at offset: inout Int) throws(JSONError) -> Bool {
        if offset >= count || self[offset] != .comma { offset = skipJSONWhitespace(from: offset) }
        guard offset < count, self[offset] == .comma else {
            offset = try expectJSON(.closeBracket, from: offset)
            return false
        }
        offset += 1
        return true
    }

    /// The number of elements of an array that begins with one.
    fileprivate func countOfJSONElements(from start: Int) throws(JSONError) -> Int {
        var offset = start
        var count = 0
        repeat {
            offset = try skipJSONValue(from: offset)
            count += 1
        } while try hasNextJSONElement(at: &offset)
        return count
    }

    fileprivate func hasJSONNull(at offset: Int) -> Bool {
        hasJSONToken("null", at: offset) && endOfJSONScalar(from: offset) == offset + 4
    }

    fileprivate func isDatumMember(_ name: Range<Int>) -> Bool {
        isEqual("VarCharValue", in: name) || isEqual("BigIntValue", in: name) || isEqual("DoubleValue", in: name)
            || isEqual("BooleanValue", in: name)
    }

    fileprivate func checkUTF8(in range: Range<Int>) throws(JSONError) {
        do {
            _ = try UTF8Span(validating: extracting(range))
        } catch {
            throw .syntax(
                offset: range.lowerBound + error.byteOffsets.lowerBound, reason: "the text is not valid UTF-8")
        }
    }
}
