import Text

// Facts about a piece of CSV that need no parsing of rows. A quote inside a value is doubled, and 0x22 is part of no
// other character of UTF-8, so the number of quotes before a place says whether it lies inside of them.
extension Span<UInt8> {
    /// Whether an odd number of quotes stands in the bytes, so that they end inside quotes if they begin outside.
    var hasOddQuotes: Bool {
        var offset = 0
        var flips: UInt64 = 0
        while offset &+ 32 <= count {
            flips ^= quoteBits(at: offset) ^ quoteBits(at: offset &+ 16)
            offset &+= 32
        }
        var isOdd = flips.nonzeroBitCount & 1 == 1
        while offset < count {
            if self[offset] == .quote { isOdd.toggle() }
            offset &+= 1
        }
        return isOdd
    }

    /// Just behind the first line end outside of quotes; nil if there is none.
    ///
    /// - Parameter beginsInQuotes: whether the first byte stands inside quotes.
    func endOfFirstRecord(beginsInQuotes: Bool) -> Int? {
        var isInQuotes = beginsInQuotes
        for offset in indices {
            switch self[offset] {
            case .quote: isInQuotes.toggle()
            case .lineFeed where !isInQuotes: return offset + 1
            default: break
            }
        }
        return nil
    }

    /// Just behind the last line end outside of quotes; nil if there is none.
    ///
    /// Read from the back, so that at most one row is read.
    ///
    /// - Parameter endsInQuotes: whether the last byte stands inside quotes.
    func endOfLastRecord(endsInQuotes: Bool) -> Int? {
        var isInQuotes = endsInQuotes
        var offset = count
        while offset > 0 {
            offset &-= 1
            switch self[offset] {
            case .quote: isInQuotes.toggle()
            case .lineFeed where !isInQuotes: return offset + 1
            default: break
            }
        }
        return nil
    }
}
