extension OutputSpan<UInt8> {
    /// Room beyond the copied bytes that copying asks for.
    @inlinable package static var copyingSlack: Int { 16 }

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

    /// Appends the bytes of a range of a span, sixteen at a time: most values are no longer, and a loop that is left at
    /// its first end costs the processor no wrong guess.
    @inlinable @inline(__always)
    package mutating func append(copying source: Span<UInt8>, in range: Range<Int>) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard offset &+ 16 <= source.count else {
                while offset < range.upperBound {
                    append(source[offset])
                    offset &+= 1
                }
                return
            }
            append(
                source.loadWord(at: offset), source.loadWord(at: offset &+ 8),
                keeping: min(16, range.upperBound &- offset))
            offset &+= 16
        }
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

    /// Writes sixteen bytes, the lowest of the first word first, of which the first `count` count.
    @inlinable @inline(__always)
    mutating func append(_ low: UInt64, _ high: UInt64, keeping count: Int) {
        precondition(freeCapacity >= 16 && count <= 16, "copying needs room for whole words")
        unsafe withUnsafeMutableBufferPointer { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            unsafe bytes.storeBytes(of: low.littleEndian, toByteOffset: initialized, as: UInt64.self)
            unsafe bytes.storeBytes(of: high.littleEndian, toByteOffset: initialized &+ 8, as: UInt64.self)
            initialized += count
        }
    }
}
