// Finding the way through JSON text without building anything: every function takes the offset where something
// begins and returns the offset just behind it.
//
// All reads are bounds-checked. The loops look at eight bytes at a time where it pays; a result page is mostly strings.
extension Span<UInt8> {
    /// What a scan learned of a string on its way to the closing quote.
    public struct JSONStringEnd {
        /// Offset of the closing quote.
        public let quote: Int
        /// Whether the string holds a backslash escape.
        public let hasEscapes: Bool
        /// Whether the string holds a byte of 0x80 or more, and so must be checked for UTF-8.
        public let hasNonASCII: Bool

        @usableFromInline
        init(quote: Int, hasEscapes: Bool, hasNonASCII: Bool) {
            self.quote = quote
            self.hasEscapes = hasEscapes
            self.hasNonASCII = hasNonASCII
        }
    }

    /// Skips blanks, tabs and line ends.
    @inlinable
    public func skipJSONWhitespace(from start: Int) -> Int {
        var offset = start
        while offset < count {
            switch self[offset] {
            case 0x20, 0x0a, 0x0d, 0x09: offset += 1
            default: return offset
            }
        }
        return offset
    }

    /// Finds the end of the string whose first byte behind the opening quote is at `start`.
    @inlinable
    public func endOfJSONString(from start: Int) throws(JSONError) -> JSONStringEnd {
        var offset = start
        var hasEscapes = false
        var highBits: UInt64 = 0
        while true {
            while offset &+ 8 <= count {
                let word = loadWord(at: offset)
                let stops = word.bytes(equalTo: 0x22) | word.bytes(equalTo: 0x5c) | word.bytes(below: 0x20)
                if stops != 0 {
                    let step = stops.trailingZeroBitCount >> 3
                    highBits |= word & ~(~0 << UInt64(step << 3))
                    offset &+= step
                    break
                }
                highBits |= word
                offset &+= 8
            }
            guard offset < count else { throw .syntax(offset: count, reason: "the text ends inside a string") }
            switch self[offset] {
            case 0x22:
                return JSONStringEnd(
                    quote: offset, hasEscapes: hasEscapes, hasNonASCII: highBits & 0x8080_8080_8080_8080 != 0)
            case 0x5c:
                hasEscapes = true
                offset += 2
            case let byte where byte < 0x20:
                throw .syntax(offset: offset, reason: "a control character stands unescaped in a string")
            case let byte:
                highBits |= UInt64(byte)
                offset += 1
            }
        }
    }

    /// Skips one value of any kind.
    ///
    /// Made for members that nobody reads: it keeps to brackets and strings and does not check what is between them.
    @inlinable
    public func skipJSONValue(from start: Int) throws(JSONError) -> Int {
        var offset = skipJSONWhitespace(from: start)
        var depth = 0
        while offset < count {
            switch self[offset] {
            case 0x22:
                offset = try endOfJSONString(from: offset + 1).quote + 1
                if depth == 0 { return offset }
            case 0x7b, 0x5b:
                depth += 1
                offset += 1
            case 0x7d, 0x5d:
                guard depth > 0 else {
                    throw .syntax(offset: offset, reason: "expected a value, found \(describe(at: offset))")
                }
                depth -= 1
                offset += 1
                if depth == 0 { return offset }
            case 0x2c, 0x3a, 0x20, 0x0a, 0x0d, 0x09:
                guard depth > 0 else {
                    throw .syntax(offset: offset, reason: "expected a value, found \(describe(at: offset))")
                }
                offset += 1
            default:
                offset = endOfJSONScalar(from: offset)
                if depth == 0 { return offset }
            }
        }
        throw .syntax(offset: count, reason: "the text ends inside a value")
    }

    /// Finds the end of a number or of `true`, `false`, `null`, without checking which of them it is.
    @inlinable
    public func endOfJSONScalar(from start: Int) -> Int {
        var offset = start
        while offset < count {
            switch self[offset] {
            case 0x2c, 0x7d, 0x5d, 0x20, 0x0a, 0x0d, 0x09, 0x3a, 0x22, 0x7b, 0x5b: return offset
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

    /// The kind of thing at an offset, for a message: never more than one character of the text.
    @usableFromInline
    func describe(at offset: Int) -> String {
        guard offset < count else { return "the end of the text" }
        let byte = self[offset]
        return byte > 0x20 && byte < 0x7f
            ? "'\(String(UnicodeScalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    }

    /// Eight bytes, the first in the lowest bits. The load checks its bounds; only its type is taken on trust, and any
    /// eight bytes are a number.
    @inlinable
    package func loadWord(at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// Byte-wise tests on eight bytes at once. In the result the high bit of a byte is set where the test holds; bytes
/// above the first hit may be set wrongly (a borrow runs upwards), so only the lowest hit counts.
extension UInt64 {
    @inlinable
    package func bytes(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }

    /// For a limit of at most 0x80.
    @inlinable
    package func bytes(below limit: UInt8) -> UInt64 {
        (self &- (0x0101_0101_0101_0101 &* UInt64(limit))) & ~self & 0x8080_8080_8080_8080
    }
}
