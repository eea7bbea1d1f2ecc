import JSON

/// Removes from a page's text every member that the page parser skips.
struct UnreadMembers {
    private let text: [UInt8]
    private let areRowsRead: Bool
    private var output: [UInt8] = []

    private static let datumMembers = Set(["VarCharValue", "BigIntValue", "DoubleValue", "BooleanValue"])

    /// - Parameter areRowsRead: false for a page without columns, whose rows are skipped.
    static func leftOut(of text: [UInt8], areRowsRead: Bool) throws(JSONError) -> [UInt8] {
        var copy = UnreadMembers(text: text, areRowsRead: areRowsRead)
        let end = try copy.object(at: 0) { (copy, name, value) throws(JSONError) in
            switch name {
            case "NextToken": try copy.asItIs(at: value)
            case "ResultSet":
                try copy.unlessNull(at: value) { (copy) throws(JSONError) in try copy.resultSet(at: value) }
            default: nil
            }
        }
        copy.output += text[end...]
        return copy.output
    }

    private typealias Member = (inout UnreadMembers, String, Int) throws(JSONError) -> Int?

    private init(text: [UInt8], areRowsRead: Bool) {
        self.text = text
        self.areRowsRead = areRowsRead
    }

    private mutating func resultSet(at start: Int) throws(JSONError) -> Int {
        try object(at: start) { (copy, name, value) throws(JSONError) in
            switch name {
            case "ResultSetMetadata": try copy.asItIs(at: value)
            case "Rows" where copy.areRowsRead:
                try copy.unlessNull(at: value) { (copy) throws(JSONError) in
                    try copy.array(at: value) { (copy, row) throws(JSONError) in try copy.row(at: row) }
                }
            default: nil
            }
        }
    }

    private mutating func row(at start: Int) throws(JSONError) -> Int {
        try object(at: start) { (copy, name, value) throws(JSONError) in
            guard name == "Data" else { return nil }
            return try copy.unlessNull(at: value) { (copy) throws(JSONError) in
                try copy.array(at: value) { (copy, datum) throws(JSONError) in try copy.datum(at: datum) }
            }
        }
    }

    private mutating func datum(at start: Int) throws(JSONError) -> Int {
        try object(at: start) { (copy, name, value) throws(JSONError) in
            Self.datumMembers.contains(name) ? try copy.asItIs(at: value) : nil
        }
    }

    /// - Parameter member: copies a member's value and returns where it ends; nil for a member that is not read.
    private mutating func object(at start: Int, _ member: Member) throws(JSONError) -> Int {
        var members = JSONMembers(at: start)
        var separator = "{"
        while let name = try members.next(in: text.span) {
            let mark = output.count
            let label = String(decoding: text[name], as: UTF8.self)
            output += Array("\(separator)\"\(label)\":".utf8)
            if let end = try member(&self, label, members.valueOffset) {
                members.valueEnd = end
                separator = ","
            } else {
                output.removeLast(output.count - mark)
                members.valueEnd = try text.span.skipJSONValue(from: members.valueOffset)
            }
        }
        output += Array(separator == "{" ? "{}".utf8 : "}".utf8)
        return members.valueEnd
    }

    private mutating func array(
        at start: Int, _ element: (inout UnreadMembers, Int) throws(JSONError) -> Int
    ) throws(JSONError) -> Int {
        var offset = text.span.skipJSONWhitespace(from: try text.span.expectJSON(0x5b, from: start))
        output.append(0x5b)
        if offset < text.count, text[offset] == 0x5d {
            output.append(0x5d)
            return offset + 1
        }
        while true {
            offset = try element(&self, offset)
            offset = text.span.skipJSONWhitespace(from: offset)
            guard offset < text.count, text[offset] == 0x2c else { break }
            output.append(0x2c)
            offset += 1
        }
        output.append(0x5d)
        return try text.span.expectJSON(0x5d, from: offset)
    }

    private mutating func unlessNull(
        at start: Int, _ copy: (inout UnreadMembers) throws(JSONError) -> Int
    ) throws(JSONError) -> Int {
        text.span.hasJSONToken("null", at: start) ? try asItIs(at: start) : try copy(&self)
    }

    private mutating func asItIs(at start: Int) throws(JSONError) -> Int {
        let end = try text.span.skipJSONValue(from: start)
        output += text[start..<end]
        return end
    }
}
