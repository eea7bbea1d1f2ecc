extension Span<UInt8> {
    /// Compares two texts byte by byte: negative if the first comes before the second, positive if after, else zero.
    @inlinable
    package func compare(_ range: Range<Int>, with other: Span<UInt8>, _ otherRange: Range<Int>) -> Int {
        let common = Swift.min(range.count, otherRange.count)
        var offset = 0
        while offset + 8 <= common {
            let word = loadWord(at: range.lowerBound + offset).byteSwapped
            let otherWord = other.loadWord(at: otherRange.lowerBound + offset).byteSwapped
            if word != otherWord { return word < otherWord ? -1 : 1 }
            offset += 8
        }
        while offset < common {
            let difference = Int(self[range.lowerBound + offset]) - Int(other[otherRange.lowerBound + offset])
            if difference != 0 { return difference }
            offset += 1
        }
        return range.count - otherRange.count
    }

    /// The first eight bytes of a text as a number that sorts like them. Shorter texts are filled up with zeros.
    @inlinable
    package func orderingPrefix(of range: Range<Int>) -> UInt64 {
        if range.count >= 8 { return loadWord(at: range.lowerBound).byteSwapped }
        var prefix: UInt64 = 0
        for offset in range { prefix = prefix << 8 | UInt64(self[offset]) }
        return range.isEmpty ? 0 : prefix << UInt64(8 * (8 - range.count))
    }
}
