extension Span<UInt8> {
    /// Eight bytes, the first in the lowest bits. The load checks its bounds, and any eight bytes are a valid number.
    @inlinable
    package func loadWord(at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The offset of the first such byte from `start` on; nil if there is none.
    @inlinable
    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        var offset = start
        while offset &+ 8 <= count {
            let hits = loadWord(at: offset).bytes(equalTo: byte)
            if hits != 0 { return offset &+ hits.trailingZeroBitCount >> 3 }
            offset &+= 8
        }
        while offset < count {
            if self[offset] == byte { return offset }
            offset += 1
        }
        return nil
    }
}

/// Tests on eight bytes at once. In the result the high bit of a byte is set where the test is true. Only the lowest hit
/// counts: a borrow may set bytes above it wrongly.
extension UInt64 {
    @inlinable
    package func bytes(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }
}
