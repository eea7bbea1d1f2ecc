import Text

/// Steps through the members of an object in a text, without building the object.
///
/// After each step, the caller reads or skips the value at ``valueOffset`` and sets ``valueEnd`` to its end.
public struct JSONMembers {
    /// Where the value of the current member begins.
    public private(set) var valueOffset: Int
    /// Behind the value of the current member; after the last step, behind the object.
    public var valueEnd: Int
    private var isFirst: Bool

    /// For an object that begins at `offset`, or after blanks there.
    public init(at offset: Int) {
        valueOffset = offset
        valueEnd = offset
        isFirst = true
    }

    /// For the rest of an object, behind a value that ends at `offset`.
    public init(after offset: Int) {
        valueOffset = offset
        valueEnd = offset
        isFirst = false
    }

    /// - Returns: the range of the next member's name, without its quotes; nil after the last.
    /// - Throws: ``JSONError``. A name with escapes is an error too, since names are compared as they are written.
    public mutating func next(in text: Span<UInt8>) throws(JSONError) -> Range<Int>? {
        var offset: Int
        if isFirst {
            isFirst = false
            offset = text.skipJSONWhitespace(from: try text.expectJSON(.openBrace, from: valueEnd))
            if offset < text.count, text[offset] == .closeBrace {
                valueEnd = offset + 1
                return nil
            }
        } else {
            offset = text.skipJSONWhitespace(from: valueEnd)
            if offset < text.count, text[offset] == .closeBrace {
                valueEnd = offset + 1
                return nil
            }
            offset = try text.expectJSON(.comma, from: offset)
        }
        let start = try text.expectJSON(.quote, from: offset)
        let end = try text.endOfJSONString(from: start)
        guard !end.hasEscapes else { throw .syntax(offset: start, reason: "a member's name has escapes in it") }
        valueOffset = text.skipJSONWhitespace(from: try text.expectJSON(.colon, from: end.quote + 1))
        valueEnd = valueOffset
        return start..<end.quote
    }
}

extension Span<UInt8> {
    /// Whether a range has this ASCII text.
    public func isEqual(_ text: StaticString, in range: Range<Int>) -> Bool {
        range.count == text.utf8CodeUnitCount && hasJSONToken(text, at: range.lowerBound)
    }

    /// Whether a range has the same bytes as another text.
    public func isEqual(_ other: Span<UInt8>, in range: Range<Int>) -> Bool {
        guard other.count == range.count else { return false }
        var offset = 0
        while offset &+ 8 <= other.count {
            if loadWord(at: range.lowerBound &+ offset) != other.loadWord(at: offset) { return false }
            offset &+= 8
        }
        while offset < other.count {
            if self[range.lowerBound &+ offset] != other[offset] { return false }
            offset &+= 1
        }
        return true
    }
}

extension JSONValue {
    /// Reads the one value that begins at an offset of a text; errors count from the beginning of the text.
    public init(in text: Span<UInt8>, range: Range<Int>) throws(JSONError) {
        var copy: [UInt8] = []
        copy.append(copying: text, in: range)
        do throws(JSONError) {
            try self.init(parsing: copy)
        } catch {
            throw error.moved(by: range.lowerBound)
        }
    }

    /// Reads a string or `null` that begins at an offset of a text.
    public static func optionalString(in text: Span<UInt8>, at start: Int, path: String) throws(JSONError) -> String? {
        let value = try JSONValue(in: text, range: start..<text.skipJSONValue(from: start))
        return value == .null ? nil : try JSONField(value, path: path).string()
    }
}
