/// Writes short texts into room that an array has reserved for all of them.
///
/// Most values of a result have few bytes, so a call or an access to an array costs more than the copy itself. Every
/// write checks that there is room. Pass a writer `consuming` and return it: as `inout` it is spilled to memory in the
/// hot loops.
@safe public struct ByteWriter: ~Copyable {
    @usableFromInline let room: UnsafeMutableRawPointer
    @usableFromInline let capacity: Int
    @usableFromInline var written = 0

    /// Bytes that have been written.
    @inlinable package var count: Int { written }

    /// Bytes of room that copying needs beyond those that it copies.
    @inlinable package static var slack: Int { 16 }

    @inlinable @inline(__always)
    init(_ room: UnsafeMutableRawPointer, capacity: Int) {
        unsafe self.room = room
        self.capacity = capacity
    }

    @inlinable @inline(__always)
    package mutating func append(_ byte: UInt8) {
        precondition(written < capacity, "there is room for what is written")
        unsafe room.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
        written &+= 1
    }

    /// Appends the bytes of a range of a text, sixteen at a time. Most values are no longer than that, so the loop's one
    /// branch is predicted well.
    @inlinable @inline(__always)
    package mutating func append(copying text: Span<UInt8>, in range: Range<Int>) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard offset &+ 16 <= text.count else {
                while offset < range.upperBound {
                    append(text[offset])
                    offset &+= 1
                }
                return
            }
            append(
                text.loadWord(at: offset), text.loadWord(at: offset &+ 8), keeping: min(16, range.upperBound &- offset))
            offset &+= 16
        }
    }

    /// Writes sixteen bytes, the lowest of the first word first, of which the first `kept` count.
    @inlinable @inline(__always)
    mutating func append(_ low: UInt64, _ high: UInt64, keeping kept: Int) {
        precondition(capacity &- written >= 16, "there is room for what is written")
        unsafe room.storeBytes(of: low.littleEndian, toByteOffset: written, as: UInt64.self)
        unsafe room.storeBytes(of: high.littleEndian, toByteOffset: written &+ 8, as: UInt64.self)
        written &+= kept
    }
}

extension [UInt8] {
    /// Appends what is written.
    ///
    /// - Parameters:
    ///   - room: the most that can be written, in bytes; at least 1.
    ///   - write: returns the writer that it was given.
    @inlinable @inline(__always)
    package mutating func append(room: Int, _ write: (consuming ByteWriter) -> ByteWriter) {
        append(addingCapacity: room) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initialized in
                guard let address = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                // The output span is the reserved room alone, and still empty.
                initialized = write(unsafe ByteWriter(address, capacity: buffer.count)).count
            }
        }
    }
}
