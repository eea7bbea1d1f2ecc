import JSON

/// The places of the members of a JSON text, by their paths: `table`, `primary_key[0]`.
struct JSONPlaces {
    /// The offset of each name in bytes; the whole text has none.
    private(set) var names: [String: Int] = [:]
    private(set) var values: [String: Int] = [:]

    /// How deep members are searched, in objects and arrays.
    private static let depth = 4

    /// - Parameter text: one JSON text, parsed before.
    init(_ text: [UInt8]) {
        // A text that has been parsed cannot fail here; if it did, messages would lack places.
        _ = try? value(at: 0, in: text, path: "", depth: 0)
    }

    /// - Returns: the offset behind the value.
    private mutating func value(at start: Int, in text: [UInt8], path: String, depth: Int) throws(JSONError) -> Int {
        let start = text.span.skipJSONWhitespace(from: start)
        values[path] = start
        switch text[start] {
        case UInt8(ascii: "{") where depth < Self.depth: return try members(of: start, in: text, path, depth + 1)
        case UInt8(ascii: "[") where depth < Self.depth: return try elements(of: start, in: text, path, depth + 1)
        default: return try text.span.skipJSONValue(from: start)
        }
    }

    private mutating func members(
        of start: Int, in text: [UInt8], _ path: String, _ depth: Int
    ) throws(JSONError) -> Int {
        var offset = text.span.skipJSONWhitespace(from: start + 1)
        while text[offset] != UInt8(ascii: "}") {
            let quote = try text.span.endOfJSONString(from: offset + 1).quote
            let name = try JSONField(JSONValue(in: text.span, range: offset..<quote + 1)).string()
            let member = path.isEmpty ? name : "\(path).\(name)"
            names[member] = offset
            let colon = try text.span.expectJSON(UInt8(ascii: ":"), from: quote + 1)
            offset = Self.skipComma(in: text, from: try value(at: colon, in: text, path: member, depth: depth))
        }
        return offset + 1
    }

    private mutating func elements(
        of start: Int, in text: [UInt8], _ path: String, _ depth: Int
    ) throws(JSONError) -> Int {
        var offset = text.span.skipJSONWhitespace(from: start + 1)
        var index = 0
        while text[offset] != UInt8(ascii: "]") {
            let end = try value(at: offset, in: text, path: "\(path)[\(index)]", depth: depth)
            offset = Self.skipComma(in: text, from: end)
            index += 1
        }
        return offset + 1
    }

    /// Static: a method of a value keeps a copy of it while its arguments, which add places, are found.
    private static func skipComma(in text: [UInt8], from start: Int) -> Int {
        let offset = text.span.skipJSONWhitespace(from: start)
        return text[offset] == UInt8(ascii: ",") ? text.span.skipJSONWhitespace(from: offset + 1) : offset
    }
}
