import Text

/// The escapes of JSON strings (RFC 8259, section 7).
public enum JSONUnescaping {
    /// The length of the decoded text, and what in it a loader may refuse.
    public struct Result: Sendable {
        /// Bytes that the decoded text takes; never more than the escaped text.
        public let count: Int
        /// Whether there is a `\u0000`, which PostgreSQL and others refuse.
        public let hasNUL: Bool
        /// Whether half of a surrogate pair stands alone. It is written as three bytes by UTF-8's scheme (WTF-8), so
        /// the text is not valid UTF-8 and must not be written to a file as it is.
        public let hasLoneSurrogate: Bool
    }

    /// Decodes an escaped string in place. The decoded text is never longer than the escaped one.
    public static func decode(
        _ bytes: inout MutableSpan<UInt8>, in range: Range<Int>
    ) throws(JSONError) -> Result {
        var source = range.lowerBound
        var target = range.lowerBound
        var hasNUL = false
        var hasLoneSurrogate = false
        while source < range.upperBound {
            let byte = bytes[source]
            guard byte == .backslash else {
                bytes[target] = byte
                source += 1
                target += 1
                continue
            }
            guard source + 1 < range.upperBound else {
                throw .syntax(offset: source, reason: "an escape is cut off")
            }
            if bytes[source + 1] == UInt8(ascii: "u") {
                let scalar = try decodeScalar(bytes.span, at: &source, end: range.upperBound)
                hasNUL = hasNUL || scalar == 0
                hasLoneSurrogate = hasLoneSurrogate || (0xd800...0xdfff).contains(scalar)
                target = write(scalar, to: &bytes, at: target)
            } else {
                bytes[target] = try simpleEscape(bytes[source + 1], offset: source)
                source += 2
                target += 1
            }
        }
        return Result(
            count: target - range.lowerBound, hasNUL: hasNUL, hasLoneSurrogate: hasLoneSurrogate)
    }

    static func simpleEscape(_ letter: UInt8, offset: Int) throws(JSONError) -> UInt8 {
        switch letter {
        case .quote, .backslash, UInt8(ascii: "/"): letter
        case UInt8(ascii: "n"): .lineFeed
        case UInt8(ascii: "r"): .carriageReturn
        case UInt8(ascii: "t"): .tab
        case UInt8(ascii: "b"): .backspace
        case UInt8(ascii: "f"): .formFeed
        default: throw .syntax(offset: offset, reason: "unknown escape in a string")
        }
    }

    /// Reads `\uXXXX`, and the second half of a surrogate pair if one follows.
    static func decodeScalar(_ bytes: Span<UInt8>, at source: inout Int, end: Int) throws(JSONError) -> UInt32 {
        let first = try hexUnit(bytes, at: source, end: end)
        source += 6
        guard (0xd800...0xdbff).contains(first), source + 6 <= end, bytes[source] == .backslash,
            bytes[source + 1] == UInt8(ascii: "u")
        else { return first }
        let second = try hexUnit(bytes, at: source, end: end)
        guard (0xdc00...0xdfff).contains(second) else { return first }
        source += 6
        return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
    }

    private static func hexUnit(_ bytes: Span<UInt8>, at source: Int, end: Int) throws(JSONError) -> UInt32 {
        guard source + 6 <= end else { throw .syntax(offset: source, reason: "a \\u escape is cut off") }
        var unit: UInt32 = 0
        for index in source + 2..<source + 6 {
            guard let digit = hexDigit(bytes[index]) else {
                throw .syntax(offset: index, reason: "a \\u escape has a character that is no hexadecimal digit")
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }

    private static func write(_ scalar: UInt32, to bytes: inout MutableSpan<UInt8>, at start: Int) -> Int {
        switch scalar {
        case ..<0x80:
            bytes[start] = UInt8(scalar)
            return start + 1
        case ..<0x800:
            bytes[start] = UInt8(0xc0 | scalar >> 6)
            bytes[start + 1] = UInt8(0x80 | scalar & 0x3f)
            return start + 2
        case ..<0x10000:
            bytes[start] = UInt8(0xe0 | scalar >> 12)
            bytes[start + 1] = UInt8(0x80 | scalar >> 6 & 0x3f)
            bytes[start + 2] = UInt8(0x80 | scalar & 0x3f)
            return start + 3
        default:
            bytes[start] = UInt8(0xf0 | scalar >> 18)
            bytes[start + 1] = UInt8(0x80 | scalar >> 12 & 0x3f)
            bytes[start + 2] = UInt8(0x80 | scalar >> 6 & 0x3f)
            bytes[start + 3] = UInt8(0x80 | scalar & 0x3f)
            return start + 4
        }
    }
}
