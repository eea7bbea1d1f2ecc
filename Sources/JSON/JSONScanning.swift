public import Text

// Functions that scan JSON text and build nothing. Each takes the offset of a beginning and returns the offset behind
// the end.
//
// All reads are bounds-checked. Loops read sixteen bytes at a time where that is faster; a result page is mostly
// strings.
extension Span<UInt8> {
    /// The result of scanning a string up to its closing quote.
    public struct JSONStringEnd {
        /// Offset of the closing quote.
        public let quote: Int
        /// Whether the string has a backslash escape.
        public let hasEscapes: Bool
        @usableFromInline let marks: TextMarks

        @inlinable
        init(quote: Int, hasEscapes: Bool, marks: TextMarks) {
            self.quote = quote
            self.hasEscapes = hasEscapes
            self.marks = marks
        }

        /// Whether the string has a byte of 0x80 or more, so that it must be checked for valid UTF-8.
        @inlinable public var hasNonASCII: Bool { marks.hasNonASCII }
        @inlinable public var hasCommas: Bool { marks.hasCommas }
    }

    /// Skips blanks, tabs and line ends.
    @inlinable
    public func skipJSONWhitespace(from start: Int) -> Int {
        var offset = start
        while offset < count {
            switch self[offset] {
            case .space, .lineFeed, .carriageReturn, .tab: offset += 1
            default: return offset
            }
        }
        return offset
    }

    /// Finds the end of the string whose first byte behind the opening quote is at `start`.
    @inlinable @inline(__always)
    public func endOfJSONString(from start: Int) throws(JSONError) -> JSONStringEnd {
        var offset = start
        var hasEscapes = false
        var seen = TextMarks()
        while true {
            while offset &+ TextMarks.byteCount <= count {
                let marks = textMarks(at: offset)
                if let step = marks.bytesBeforeQuoteOrSpecial {
                    seen.formUnion(marks, ofFirst: step)
                    offset &+= step
                    break
                }
                seen.formUnion(marks)
                offset &+= TextMarks.byteCount
            }
            guard offset < count else { throw .syntax(offset: count, reason: "the text ends inside a string") }
            switch self[offset] {
            case .quote:
                return JSONStringEnd(quote: offset, hasEscapes: hasEscapes, marks: seen)
            case .backslash:
                hasEscapes = true
                offset += 2
            case let byte where byte < .space:
                throw .syntax(offset: offset, reason: "a control character stands unescaped in a string")
            case let byte:
                // Needed only in the last fifteen bytes of the text.
                seen.formUnion(TextMarks(UInt64(byte), 0), ofFirst: 1)
                offset += 1
            }
        }
    }

    /// Skips one value of any kind.
    ///
    /// For members that are not read: it follows brackets and strings, refuses invalid numbers and words, and does not
    /// check the commas and colons between them.
    public func skipJSONValue(from start: Int) throws(JSONError) -> Int {
        var offset = skipJSONWhitespace(from: start)
        var depth = 0
        while offset < count {
            if depth > 0, skipJSONBlocks(from: &offset, depth: &depth) {
                offset = try endOfJSONString(from: offset).quote + 1
                continue
            }
            guard offset < count else { break }
            switch self[offset] {
            case .quote:
                offset = try endOfJSONString(from: offset + 1).quote + 1
                if depth == 0 { return offset }
            case .openBrace, .openBracket:
                depth += 1
                offset += 1
            case .closeBrace, .closeBracket:
                guard depth > 0 else {
                    throw .syntax(offset: offset, reason: "expected a value, found \(describe(at: offset))")
                }
                depth -= 1
                offset += 1
                if depth == 0 { return offset }
            case .comma, .colon, .space, .lineFeed, .carriageReturn, .tab:
                guard depth > 0 else {
                    throw .syntax(offset: offset, reason: "expected a value, found \(describe(at: offset))")
                }
                offset += 1
            default:
                offset = try skipJSONScalar(from: offset)
                if depth == 0 { return offset }
            }
        }
        throw .syntax(offset: count, reason: "the text ends inside a value")
    }

    private func skipJSONScalar(from start: Int) throws(JSONError) -> Int {
        let end = endOfJSONScalar(from: start)
        guard isJSONLiteral(in: start..<end) || isJSONNumber(in: start..<end) else {
            throw .syntax(offset: start, reason: "expected a value, found something else")
        }
        return end
    }

    /// Skips the inside of an array or object, sixteen bytes at a time. Stops before sixteen bytes with an escape, a
    /// control character, a number or a word, or perhaps the end of the value.
    ///
    /// - Returns: whether it has stopped inside a string.
    private func skipJSONBlocks(from offset: inout Int, depth: inout Int) -> Bool {
        var isInString = false
        while offset &+ 16 <= count {
            let marks = JSONMarks(
                loadWord(at: offset), loadWord(at: offset &+ 8), beginsInString: isInString)
            guard !marks.hasOthers, marks.closing < depth else { break }
            depth += marks.opening - marks.closing
            isInString = marks.endsInString
            offset &+= 16
        }
        return isInString
    }

    /// Finds the end of a number, `true`, `false` or `null`, without checking that it is one.
    @inlinable
    public func endOfJSONScalar(from start: Int) -> Int {
        var offset = start
        while offset < count {
            switch self[offset] {
            case .comma, .colon, .closeBrace, .closeBracket, .openBrace, .openBracket, .quote: return offset
            case .space, .lineFeed, .carriageReturn, .tab: return offset
            default: offset += 1
            }
        }
        return offset
    }

    /// Whether the text at `offset` begins with these ASCII bytes.
    @inlinable
    public func hasJSONToken(_ token: StaticString, at offset: Int) -> Bool {
        guard offset + token.utf8CodeUnitCount <= count else { return false }
        return token.withUTF8Buffer { expected in
            for index in 0..<expected.count where unsafe expected[index] != self[offset + index] { return false }
            return true
        }
    }

    /// Skips blanks and then the one byte that must follow.
    @inlinable
    public func expectJSON(_ byte: UInt8, from start: Int) throws(JSONError) -> Int {
        let offset = skipJSONWhitespace(from: start)
        guard offset < count, self[offset] == byte else {
            throw .syntax(
                offset: offset,
                reason: "expected \(String(UnicodeScalar(byte))), found \(describe(at: offset))")
        }
        return offset + 1
    }

    /// The character at an offset, for a message.
    @usableFromInline
    func describe(at offset: Int) -> String {
        guard offset < count else { return "the end of the text" }
        let byte = self[offset]
        return byte.isVisibleASCII
            ? "'\(String(UnicodeScalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    }
}
