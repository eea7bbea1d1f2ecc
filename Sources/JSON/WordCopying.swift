extension OutputSpan<UInt8> {
    /// Room beyond the copied bytes that ``append(copying:in:findingIn:)`` asks for.
    package static var copyingSlack: Int { 8 }

    /// Appends the bytes of a range of a span, eight at a time, and tests them on the way.
    ///
    /// For short texts, which most values are: less work than a call of `memcpy` and a second look at them.
    ///
    /// - Parameter test: one of the byte-wise tests on eight bytes.
    /// - Returns: whether the test holds for any byte of the range.
    @inlinable @inline(__always)
    package mutating func append(
        copying source: Span<UInt8>, in range: Range<Int>, findingIn test: (UInt64) -> UInt64
    ) -> Bool {
        var offset = range.lowerBound
        var hits: UInt64 = 0
        while offset &+ 8 <= range.upperBound {
            let word = source.loadWord(at: offset)
            hits |= test(word)
            append(word, keeping: 8)
            offset &+= 8
        }
        let rest = range.upperBound &- offset
        guard rest > 0 else { return hits != 0 }
        var word: UInt64 = 0
        if offset &+ 8 <= source.count {
            word = source.loadWord(at: offset)
        } else {
            for index in 0..<rest { word |= UInt64(source[offset &+ index]) << UInt64(index &* 8) }
        }
        // A byte behind the range that passes the test says nothing of those below it.
        hits |= test(word) & ~(~0 << UInt64(rest &* 8))
        append(word, keeping: rest)
        return hits != 0
    }

    /// Appends the bytes of a range of a span.
    @inlinable @inline(__always)
    package mutating func append(copying source: Span<UInt8>, in range: Range<Int>) {
        _ = append(copying: source, in: range, findingIn: { _ in 0 })
    }

    /// Writes eight bytes, the lowest first, of which the first `count` count.
    @inlinable @inline(__always)
    mutating func append(_ word: UInt64, keeping count: Int) {
        precondition(freeCapacity >= 8 && count <= 8, "copying needs room for whole words")
        // The precondition is the bounds check; any eight bytes are a number.
        unsafe withUnsafeMutableBufferPointer { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            unsafe bytes.storeBytes(of: word.littleEndian, toByteOffset: initialized, as: UInt64.self)
            initialized += count
        }
    }
}
