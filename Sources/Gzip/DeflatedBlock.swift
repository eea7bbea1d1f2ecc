internal import CZlib

/// A part of a gzip member's content, compressed so that it can follow the one before it.
public struct DeflatedBlock: Sendable {
    /// Whole bytes of raw deflate (RFC 1951).
    let deflated: [UInt8]
    let crc: UInt32
    /// Of the content, in bytes.
    let contentCount: Int

    /// The content again.
    ///
    /// - Parameter dictionary: what the block was compressed after.
    public func content(after dictionary: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        let status = inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory")
        defer { inflateEnd(&stream) }
        if !dictionary.isEmpty {
            dictionary.withUnsafeBufferPointer { buffer in
                let window = UnsafeBufferPointer(rebasing: buffer.suffix(1 << 15))
                _ = inflateSetDictionary(&stream, window.baseAddress, UInt32(window.count))
            }
        }
        let content = [UInt8](unsafeUninitializedCapacity: contentCount) { output, count in
            deflated.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                _ = inflate(&stream, Z_SYNC_FLUSH)
            }
            count = output.count - Int(stream.avail_out)
        }
        precondition(content.count == contentCount && CRC32.of(content) == crc, "inflate made something else")
        return content
    }
}
