package import BatchExport
package import JSON

/// One answer of GetQueryResults.
package struct ResultsPage: Sendable {
    package let columns: [ColumnInfo]
    /// Every row of the answer, the header row too if there is one.
    package let rows: RowBlock
    let nextToken: String?

    /// Reads the body of an answer.
    ///
    /// The body becomes the block's buffer: cells point into it, and escaped texts are decoded where they stand.
    package init(parsing body: consuming [UInt8]) throws(JSONError) {
        var parser = ResultsPageParser()
        try parser.parse(body.span)
        try parser.unescape(&body)
        columns = parser.columns ?? []
        nextToken = parser.nextToken
        rows = RowBlock(
            bytes: body, cells: parser.cells, columnCount: columns.count,
            hasUnloadableCells: parser.hasUnloadableCells)
    }
}

/// Walks the text of a page once, front to back.
///
/// The service sends every page twice over: beside `Rows` and `ResultSetMetadata` stand `ResultRows` and `ColumnInfos`,
/// which no model names. Whatever is not named here is skipped without being read. Members may come in any order; rows
/// that come before the columns are skipped and read afterwards.
private struct ResultsPageParser {
    private(set) var columns: [ColumnInfo]?
    private(set) var nextToken: String?
    private(set) var cells: [RowBlock.Cell] = []
    private(set) var hasUnloadableCells = false
    /// Cells whose text still holds escapes.
    private var escaped: [Int] = []
    private var rowsOffset: Int?
    private var offset = 0
    private var seen: Members = []

    /// The members that are read. Of one that stands twice, nobody can say which counts.
    private struct Members: OptionSet {
        let rawValue: Int
        static let nextToken = Members(rawValue: 1)
        static let resultSet = Members(rawValue: 2)
        static let metadata = Members(rawValue: 4)
        static let rows = Members(rawValue: 8)
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
                columns = try ColumnInfo.list(in: text, range: value..<members.valueEnd)
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
        // A cell takes two bytes at least; without that bound, column names alone could ask for any amount.
        cells.reserveCapacity(min(columnCount * 1001, text.count / 2))
        offset = try text.expectJSON(0x5b, from: start)
        offset = text.skipJSONWhitespace(from: offset)
        if offset < text.count, text[offset] == 0x5d { return offset + 1 }
        while true {
            let rowOffset = text.skipJSONWhitespace(from: offset)
            let before = cells.count
            try parseRow(text)
            let count = cells.count - before
            guard count <= columnCount else {
                throw .syntax(
                    offset: rowOffset, reason: "a row has \(count) values, but there are \(columnCount) columns")
            }
            // SHOW and DESCRIBE answer fewer values than they name columns, but not so many fewer that there would be
            // more values missing than the text has bytes.
            guard cells.count + columnCount - count <= text.count else {
                throw .syntax(offset: rowOffset, reason: "\(columnCount) columns, but most of the values are missing")
            }
            for _ in count..<columnCount { cells.append(.null) }
            offset = text.skipJSONWhitespace(from: offset)
            if offset < text.count, text[offset] == 0x2c {
                offset += 1
            } else {
                return try text.expectJSON(0x5d, from: offset)
            }
        }
    }

    private mutating func parseRow(_ text: Span<UInt8>) throws(JSONError) {
        offset = text.skipJSONWhitespace(from: offset)
        if text.hasJSONToken("{\"Data\":[", at: offset) {
            try parseData(text, at: offset + 8)
            if offset < text.count, text[offset] == 0x7d {
                offset += 1
                return
            }
            // Something follows the values; the long way finds its end.
            return try parseMembers(ofRow: JSONMembers(after: offset), hasData: true, in: text)
        }
        try parseMembers(ofRow: JSONMembers(at: offset), hasData: false, in: text)
    }

    private mutating func parseMembers(
        ofRow row: JSONMembers, hasData: Bool, in text: Span<UInt8>
    ) throws(JSONError) {
        var members = row
        var hasData = hasData
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
                try parseData(text, at: value)
                members.valueEnd = offset
            }
        }
        offset = members.valueEnd
    }

    private mutating func parseData(_ text: Span<UInt8>, at start: Int) throws(JSONError) {
        offset = try text.expectJSON(0x5b, from: start)
        offset = text.skipJSONWhitespace(from: offset)
        if offset < text.count, text[offset] == 0x5d {
            offset += 1
            return
        }
        while true {
            try parseDatum(text)
            if offset < text.count, text[offset] == 0x2c {
                offset += 1
                continue
            }
            offset = text.skipJSONWhitespace(from: offset)
            if offset < text.count, text[offset] == 0x2c {
                offset += 1
            } else {
                offset = try text.expectJSON(0x5d, from: offset)
                return
            }
        }
    }

    private mutating func parseDatum(_ text: Span<UInt8>) throws(JSONError) {
        if text.hasVarCharValue(at: offset) {
            let start = offset + 17
            let end = try text.endOfJSONString(from: start)
            if end.quote + 1 < text.count, text[end.quote + 1] == 0x7d {
                offset = end.quote + 2
                return try appendString(text, from: start, end)
            }
        }
        // Of the four members that a Datum may have, one has a value; none is NULL.
        var members = JSONMembers(at: offset)
        var value: Int?
        while let name = try members.next(in: text) {
            if text.isDatumMember(name), !text.hasJSONNull(at: members.valueOffset) {
                guard value == nil else { throw .syntax(offset: name.lowerBound, reason: "a Datum has two values") }
                value = members.valueOffset
            }
            members.valueEnd = try text.skipJSONValue(from: members.valueOffset)
        }
        offset = members.valueEnd
        guard let value else { return cells.append(.null) }
        if text[value] == 0x22 {
            try appendString(text, from: value + 1, try text.endOfJSONString(from: value + 1))
        } else {
            try appendScalar(text, at: value)
        }
    }

    private mutating func appendString(
        _ text: Span<UInt8>, from start: Int, _ end: Span<UInt8>.JSONStringEnd
    ) throws(JSONError) {
        if end.hasNonASCII { try text.checkUTF8(in: start..<end.quote) }
        if end.hasEscapes { escaped.append(cells.count) }
        cells.append(
            RowBlock.Cell(start: start, count: end.quote - start, traits: end.hasEscapes ? [] : .plainJSON))
    }

    /// A number or boolean: its own text is the value's text.
    private mutating func appendScalar(_ text: Span<UInt8>, at start: Int) throws(JSONError) {
        let end = text.endOfJSONScalar(from: start)
        let isBoolean =
            text.hasJSONToken("true", at: start) && end - start == 4
            || text.hasJSONToken("false", at: start) && end - start == 5
        guard isBoolean || text.isJSONNumber(in: start..<end) else {
            throw .syntax(offset: start, reason: "expected a string, a number or a boolean as the value of a Datum")
        }
        cells.append(RowBlock.Cell(start: start, count: end - start, traits: .plainJSON))
    }

    /// Decodes the escaped texts in place, now that nobody reads the JSON any more.
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
    /// Whether `{"VarCharValue":"` stands here: two words and a byte, since it does before almost every value.
    fileprivate func hasVarCharValue(at offset: Int) -> Bool {
        offset + 17 <= count
            && loadWord(at: offset) == 0x6168_4372_6156_227b  // {"VarCha
            && loadWord(at: offset + 8) == 0x3a22_6575_6c61_5672  // rValue":
            && self[offset + 16] == 0x22
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
