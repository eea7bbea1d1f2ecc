public import CVector

/// The places of bytes with a meaning in CSV, in JSON strings or for an encoder, among sixteen bytes: a set for each
/// kind of byte, the first byte in the lowest bit.
public struct TextMarks: Equatable {
    /// Four sets, so that one operation serves all.
    @usableFromInline var sets: UInt64

    @inlinable public static var byteCount: Int { 16 }

    /// None.
    @inlinable
    public init() { sets = 0 }

    /// - Parameters:
    ///   - low: the first eight bytes, the first of them in the lowest bits.
    ///   - high: the other eight.
    @inlinable @inline(__always)
    public init(_ low: UInt64, _ high: UInt64) {
        #if arch(x86_64)
            sets = cvector_text_marks(low, high)
        #else
            self.init(portably: low, high)
        #endif
    }

    /// The same marks without vector instructions.
    @inlinable
    public init(portably low: UInt64, _ high: UInt64) {
        func set(_ marks: (UInt64) -> UInt64) -> UInt64 { marks(low).byteSet | marks(high).byteSet << 8 }
        sets = set { $0.marks(equalTo: .quote) }
        sets |= set { $0.marksBelowSpace | $0.marks(equalTo: .backslash) } << 16
        sets |= set { $0.marks(equalTo: .comma) } << 32
        sets |= set { $0 } << 48
    }

    /// The number of bytes before the first quote, backslash or control character; nil if there is none.
    @inlinable @inline(__always)
    public var bytesBeforeQuoteOrSpecial: Int? {
        let stops = (sets | sets >> 16) & 0xffff
        return stops == 0 ? nil : stops.trailingZeroBitCount
    }

    @inlinable public var hasQuotes: Bool { sets & 0xffff != 0 }
    /// Backslashes and control characters.
    @inlinable public var hasSpecials: Bool { sets & 0xffff << 16 != 0 }
    @inlinable public var hasCommas: Bool { sets & 0xffff << 32 != 0 }
    @inlinable public var hasNonASCII: Bool { sets & 0xffff << 48 != 0 }

    @inlinable @inline(__always)
    public mutating func formUnion(_ other: TextMarks) { sets |= other.sets }

    /// - Parameter count: of the first bytes, less than sixteen.
    @inlinable @inline(__always)
    public mutating func formUnion(_ other: TextMarks, ofFirst count: Int) {
        sets |= other.sets & ((1 &<< UInt64(count) &- 1) &* 0x0001_0001_0001_0001)
    }
}

extension Span<UInt8> {
    /// Prefetch hint for text that is read soon. The offset may be outside of the text; it is never read.
    @inlinable @inline(__always)
    package func prefetch(at offset: Int) {
        unsafe withUnsafeBufferPointer { buffer in
            unsafe cvector_prefetch(
                UnsafeRawPointer(bitPattern: UInt(bitPattern: buffer.baseAddress) &+ UInt(bitPattern: offset)))
        }
    }

    /// The marks of the sixteen bytes that begin at an offset.
    @inlinable @inline(__always)
    public func textMarks(at offset: Int) -> TextMarks { TextMarks(loadWord(at: offset), loadWord(at: offset &+ 8)) }

    /// The marks of a range, of any length.
    package func textMarks(in range: Range<Int>) -> TextMarks {
        var marks = TextMarks()
        var offset = range.lowerBound
        while offset < range.upperBound {
            let rest = range.upperBound - offset
            if offset + TextMarks.byteCount > count {
                // Needed only in the last fifteen bytes of the text.
                marks.formUnion(TextMarks(UInt64(self[offset]), 0), ofFirst: 1)
                offset += 1
            } else if rest < TextMarks.byteCount {
                marks.formUnion(textMarks(at: offset), ofFirst: rest)
                break
            } else {
                marks.formUnion(textMarks(at: offset))
                offset += TextMarks.byteCount
            }
        }
        return marks
    }

    /// A number whose count of ones is odd if the sixteen bytes that begin at an offset have an odd number of quotes.
    @inlinable @inline(__always)
    public func quoteBits(at offset: Int) -> UInt64 {
        let (low, high) = (loadWord(at: offset), loadWord(at: offset &+ 8))
        #if arch(x86_64)
            return cvector_quotes(low, high)
        #else
            return low.marks(equalTo: .quote) ^ high.marks(equalTo: .quote)
        #endif
    }
}

// Unlike the tests in `Words`, these are exact for every byte.
extension UInt64 {
    /// The high bit of every byte that equals this one, which is below 0x80.
    @inlinable @inline(__always)
    package func marks(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return ~((difference & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7f7f_7f7f_7f7f_7f7f | difference) & 0x8080_8080_8080_8080
    }

    /// The high bit of every byte below 0x20.
    @inlinable
    package var marksBelowSpace: UInt64 {
        ~((self & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x6060_6060_6060_6060 | self) & 0x8080_8080_8080_8080
    }

    /// The high bits of the eight bytes as an eight-bit number.
    @inlinable
    package var byteSet: UInt64 { ((self & 0x8080_8080_8080_8080) &>> 7 &* 0x0102_0408_1020_4080) &>> 56 }
}
