import Text

extension JSONValue {
    /// Reads one JSON text (RFC 8259), with nothing before or after it.
    ///
    /// Strict, because lenient readers disagree about what a text means: UTF-8 without a byte order mark, no repeated
    /// member, no lone surrogate, at most 64 levels of nesting.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        let text = bytes.span
        try text.checkJSONBeginning()
        var parser = JSONParser()
        let value = try parser.value(in: text, depth: 0)
        let end = text.skipJSONWhitespace(from: parser.offset)
        guard end == text.count else {
            throw .syntax(offset: end, reason: "expected the end of the text, found \(text.describe(at: end))")
        }
        self = value
    }
}

private struct JSONParser {
    static let maximumDepth = 64
    private static let membersCompared = 16

    var offset = 0

    mutating func value(in text: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        offset = text.skipJSONWhitespace(from: offset)
        guard offset < text.count else { throw .syntax(offset: offset, reason: "the text ends where a value belongs") }
        guard depth < Self.maximumDepth else {
            throw .syntax(offset: offset, reason: "values are nested more than \(Self.maximumDepth) deep")
        }
        switch text[offset] {
        case .openBrace: return try object(in: text, depth: depth)
        case .openBracket: return try array(in: text, depth: depth)
        case .quote: return .string(try string(in: text))
        default: return try scalar(in: text)
        }
    }

    private mutating func object(in text: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        var object = JSONObject()
        // A set of the names, once there are many: a few are compared faster than hashed.
        var names: Set<String> = []
        offset = text.skipJSONWhitespace(from: offset + 1)
        if offset < text.count, text[offset] == .closeBrace {
            offset += 1
            return .object(object)
        }
        while true {
            offset = text.skipJSONWhitespace(from: offset)
            let nameOffset = offset
            guard offset < text.count, text[offset] == .quote else {
                throw .syntax(offset: offset, reason: "expected a member name, found \(text.describe(at: offset))")
            }
            let name = try string(in: text)
            let isNew: Bool
            if object.members.count < Self.membersCompared {
                isNew = !object.members.contains { $0.name == name }
            } else {
                if names.isEmpty { names = Set(object.members.map(\.name)) }
                isNew = names.insert(name).inserted
            }
            guard isNew else {
                throw .syntax(
                    offset: nameOffset, reason: "the member \"\(name.prefix(100))\" stands twice in one object")
            }
            offset = try text.expectJSON(.colon, from: offset)
            object.append(name, try value(in: text, depth: depth + 1))
            if try !hasNext(in: text, closing: .closeBrace) { return .object(object) }
        }
    }

    private mutating func array(in text: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        offset = text.skipJSONWhitespace(from: offset + 1)
        if offset < text.count, text[offset] == .closeBracket {
            offset += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(in: text, depth: depth + 1))
            if try !hasNext(in: text, closing: .closeBracket) { return .array(elements) }
        }
    }

    /// Reads the byte behind an element: a comma if there is another one, else the closing bracket.
    private mutating func hasNext(in text: Span<UInt8>, closing: UInt8) throws(JSONError) -> Bool {
        offset = text.skipJSONWhitespace(from: offset)
        guard offset < text.count, text[offset] == .comma || text[offset] == closing else {
            throw .syntax(
                offset: offset,
                reason: "expected a comma or \(String(UnicodeScalar(closing))), found \(text.describe(at: offset))")
        }
        offset += 1
        return text[offset - 1] == .comma
    }

    private mutating func string(in text: Span<UInt8>) throws(JSONError) -> String {
        let start = offset + 1
        let end = try text.endOfJSONString(from: start)
        offset = end.quote + 1
        var copy: [UInt8] = []
        copy.append(copying: text, in: start..<end.quote)
        if end.hasEscapes {
            var bytes = copy.mutableSpan
            let decoded: JSONUnescaping.Result
            do throws(JSONError) {
                decoded = try JSONUnescaping.decode(&bytes, in: 0..<bytes.count)
            } catch {
                throw error.moved(by: start)
            }
            copy.removeLast(copy.count - decoded.count)
        }
        guard let string = String(validating: copy, as: UTF8.self) else {
            throw .syntax(offset: start, reason: "a string is not valid UTF-8 or contains a lone surrogate")
        }
        return string
    }

    private mutating func scalar(in text: Span<UInt8>) throws(JSONError) -> JSONValue {
        let start = offset
        offset = text.endOfJSONScalar(from: start)
        guard offset > start else {
            throw .syntax(offset: start, reason: "expected a value, found \(text.describe(at: start))")
        }
        if offset - start == 4, text.hasJSONToken("null", at: start) { return .null }
        if offset - start == 4, text.hasJSONToken("true", at: start) { return .bool(true) }
        if offset - start == 5, text.hasJSONToken("false", at: start) { return .bool(false) }
        guard text.isJSONNumber(in: start..<offset) else {
            throw .syntax(offset: start, reason: "expected a value, found something else")
        }
        var digits: [UInt8] = []
        digits.append(copying: text, in: start..<offset)
        return .number(String(decoding: digits, as: UTF8.self))
    }
}

extension JSONError {
    /// The same error for the whole text, after a part of it was read.
    public func moved(by distance: Int) -> JSONError {
        guard case .syntax(let offset, let reason) = self else { return self }
        return .syntax(offset: offset + distance, reason: reason)
    }
}

extension Span<UInt8> {
    /// Throws an error that names the format, if the bytes are something that is often mistaken for JSON.
    public func checkJSONBeginning() throws(JSONError) {
        if count >= 2, self[0] == 0x1f, self[1] == 0x8b {
            throw .syntax(offset: 0, reason: "this is gzip data, not JSON text; decompress it first")
        }
        if hasJSONToken("\u{feff}", at: 0) {
            throw .syntax(offset: 0, reason: "the text begins with a byte order mark; save it without one")
        }
        // A byte order mark of UTF-16, or an ASCII character in two bytes.
        if count >= 2, self[0] | self[1] == 0xff && self[0] & self[1] == 0xfe || (self[0] == 0) != (self[1] == 0) {
            throw .syntax(offset: 0, reason: "the text is UTF-16; save it as UTF-8")
        }
    }
}
