import JSON

#if arch(x86_64)
    import CVector
#endif

/// Which of sixteen bytes mean something in CSV or to an encoder: a set of their places for each kind of byte, the first
/// byte in the lowest bit.
struct CSVMarks: Equatable {
    /// Four sets, so that one operation serves all.
    private var sets: UInt64

    static var byteCount: Int { 16 }

    /// None.
    init() { sets = 0 }

    /// - Parameters:
    ///   - low: the first eight bytes, the first of them in the lowest bits.
    ///   - high: the other eight.
    @inline(__always)
    init(_ low: UInt64, _ high: UInt64) {
        #if arch(x86_64)
            sets = cvector_csv_marks(low, high)
        #else
            self.init(portably: low, high)
        #endif
    }

    /// The same by ordinary arithmetic, eight bytes at a time.
    init(portably low: UInt64, _ high: UInt64) {
        func set(_ marks: (UInt64) -> UInt64) -> UInt64 { marks(low).byteSet | marks(high).byteSet << 8 }
        sets = set { $0.marks(equalTo: 0x22) }
        sets |= set { $0.marksBelowSpace | $0.marks(equalTo: 0x5c) } << 16
        sets |= set { $0.marks(equalTo: 0x2c) } << 32
        sets |= set { $0 } << 48
    }

    /// How many bytes stand before the first quote; nil if there is none.
    @inline(__always)
    var bytesBeforeQuote: Int? {
        let quotes = sets & 0xffff
        return quotes == 0 ? nil : quotes.trailingZeroBitCount
    }

    /// Backslashes and control characters.
    var hasSpecials: Bool { sets & 0xffff << 16 != 0 }
    var hasCommas: Bool { sets & 0xffff << 32 != 0 }
    var hasNonASCII: Bool { sets & 0xffff << 48 != 0 }

    @inline(__always)
    mutating func formUnion(_ other: CSVMarks) { sets |= other.sets }

    /// - Parameter count: of the first bytes, less than sixteen.
    @inline(__always)
    mutating func formUnion(_ other: CSVMarks, ofFirst count: Int) {
        sets |= other.sets & ((1 &<< UInt64(count) &- 1) &* 0x0001_0001_0001_0001)
    }
}

extension Span<UInt8> {
    /// The marks of the sixteen bytes that begin at an offset.
    @inline(__always)
    func csvMarks(at offset: Int) -> CSVMarks { CSVMarks(loadWord(at: offset), loadWord(at: offset &+ 8)) }

    /// A number with an odd number of ones if an odd number of quotes stands in the sixteen bytes that begin at an offset.
    @inline(__always)
    func quoteBits(at offset: Int) -> UInt64 {
        let (low, high) = (loadWord(at: offset), loadWord(at: offset &+ 8))
        #if arch(x86_64)
            return cvector_quotes(low, high)
        #else
            return low.marks(equalTo: 0x22) ^ high.marks(equalTo: 0x22)
        #endif
    }
}

// Unlike the tests of `JSON`, these are exact for every byte.
extension UInt64 {
    /// The high bit of every byte that has this value, below 0x80; of no other.
    @inline(__always)
    fileprivate func marks(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return ~((difference & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7f7f_7f7f_7f7f_7f7f | difference) & 0x8080_8080_8080_8080
    }

    /// The high bit of every byte below 0x20; of no other.
    fileprivate var marksBelowSpace: UInt64 {
        ~((self & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x6060_6060_6060_6060 | self) & 0x8080_8080_8080_8080
    }

    /// The high bits of the eight bytes as a number of eight bits.
    fileprivate var byteSet: UInt64 { ((self & 0x8080_8080_8080_8080) &>> 7 &* 0x0102_0408_1020_4080) &>> 56 }
}
