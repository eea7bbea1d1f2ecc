import CVector
import Text

/// The structure of JSON in sixteen bytes, provided that there are no escapes in them.
struct JSONMarks: Equatable {
    /// How many brackets and braces open and close outside of strings.
    let opening: Int
    let closing: Int
    /// Which of the bytes are in strings. An opening quote counts as inside, its closing quote as outside.
    private let strings: UInt32
    /// Which of the bytes are backslashes or control characters, or are outside of strings and give no structure.
    private let others: UInt32

    /// - Parameters:
    ///   - low: the first eight bytes, the first of them in the lowest bits.
    ///   - high: the other eight.
    ///   - beginsInString: whether the first byte stands in a string, or is its closing quote.
    @inline(__always)
    init(_ low: UInt64, _ high: UInt64, beginsInString: Bool) {
        #if arch(x86_64)
            let marks = cvector_json_marks(low, high, beginsInString)
            opening = Int(marks.brackets & 0xffff)
            closing = Int(marks.brackets &>> 32)
            strings = marks.strings
            others = marks.others
        #else
            self.init(portably: low, high, beginsInString: beginsInString)
        #endif
    }

    /// The same without vector instructions, eight bytes at a time.
    init(portably low: UInt64, _ high: UInt64, beginsInString: Bool) {
        func set(_ marks: (UInt64) -> UInt64) -> UInt64 { marks(low).byteSet | marks(high).byteSet << 8 }
        let quotes = set { $0.marks(equalTo: .quote) }
        let specials = set { $0.marksBelowSpace | $0.marks(equalTo: .backslash) }
        // Brackets and braces differ in one bit.
        let opening = set { ($0 | 0x2020_2020_2020_2020).marks(equalTo: .openBrace) }
        let closing = set { ($0 | 0x2020_2020_2020_2020).marks(equalTo: .closeBrace) }
        let points = set { $0.marks(equalTo: .comma) | $0.marks(equalTo: .colon) | $0.marks(equalTo: .space) }
        // Each bit becomes the parity of the quotes up to its own.
        var strings = quotes ^ quotes &<< 1
        strings ^= strings &<< 2
        strings ^= strings &<< 4
        strings ^= strings &<< 8
        strings = (beginsInString ? ~strings : strings) & 0xffff
        self.opening = (opening & ~strings).nonzeroBitCount
        self.closing = (closing & ~strings).nonzeroBitCount
        self.strings = UInt32(strings)
        others = UInt32(specials | ~(quotes | opening | closing | points | strings) & 0xffff)
    }

    /// Whether a string is still open behind the last byte.
    @inline(__always)
    var endsInString: Bool { strings &>> 15 != 0 }

    /// Whether the bytes must be read one by one: they have an escape or a control character or, outside of strings, a
    /// number, a word or something that is not JSON.
    @inline(__always)
    var hasOthers: Bool { others != 0 }
}
