import CVector

/// Which of sixteen bytes give JSON its structure.
struct JSONMarks: Equatable {
    /// Quotes; backslashes and control characters; opening brackets and braces; closing ones.
    private var sets: UInt64
    /// Commas, colons and spaces.
    private var separators: UInt64

    /// - Parameters:
    ///   - low: the first eight bytes, the first of them in the lowest bits.
    ///   - high: the other eight.
    @inline(__always)
    init(_ low: UInt64, _ high: UInt64) {
        #if arch(x86_64)
            sets = cvector_json_marks(low, high)
            separators = cvector_json_separators(low, high)
        #else
            self.init(portably: low, high)
        #endif
    }

    /// The same by ordinary arithmetic, eight bytes at a time.
    init(portably low: UInt64, _ high: UInt64) {
        func set(_ marks: (UInt64) -> UInt64) -> UInt64 { marks(low).byteSet | marks(high).byteSet << 8 }
        sets = set { $0.marks(equalTo: 0x22) }
        sets |= set { $0.marksBelowSpace | $0.marks(equalTo: 0x5c) } << 16
        // Brackets and braces are told apart by one bit.
        sets |= set { ($0 | 0x2020_2020_2020_2020).marks(equalTo: 0x7b) } << 32
        sets |= set { ($0 | 0x2020_2020_2020_2020).marks(equalTo: 0x7d) } << 48
        separators = set { $0.marks(equalTo: 0x2c) | $0.marks(equalTo: 0x3a) | $0.marks(equalTo: 0x20) }
    }

    /// Backslashes and control characters.
    @inline(__always)
    var hasSpecials: Bool { sets & 0xffff << 16 != 0 }

    /// Which of the bytes stand in strings if there are no escapes: every opening quote, and what is between it and its
    /// closing one.
    ///
    /// - Parameter beginInString: whether the first byte stands in a string, or is its closing quote.
    @inline(__always)
    func strings(beginInString: Bool) -> UInt64 {
        // Each bit becomes the parity of the quotes up to its own.
        var parities = sets & 0xffff
        parities ^= parities &<< 1
        parities ^= parities &<< 2
        parities ^= parities &<< 4
        parities ^= parities &<< 8
        return (beginInString ? ~parities : parities) & 0xffff
    }

    /// Whether anything stands outside of these places that gives no structure: a number, a word, or no JSON at all.
    @inline(__always)
    func hasScalars(outside strings: UInt64) -> Bool {
        let structure = sets | sets &>> 32 | sets &>> 48 | separators | strings
        return ~structure & 0xffff != 0
    }

    /// How many brackets and braces open and close outside of these places.
    @inline(__always)
    func brackets(outside strings: UInt64) -> (opening: Int, closing: Int) {
        // In every byte the number of its ones, both pairs of bytes at once: not every processor counts them itself.
        var ones = sets &>> 32 & ~(strings &* 0x1_0001)
        ones = ones &- (ones &>> 1 & 0x5555_5555)
        ones = ones & 0x3333_3333 &+ (ones &>> 2 & 0x3333_3333)
        ones = (ones &+ ones &>> 4) & 0x0f0f_0f0f
        ones = ones &+ ones &>> 8
        return (Int(ones & 0xff), Int(ones &>> 16 & 0xff))
    }
}
