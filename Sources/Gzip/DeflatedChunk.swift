/// A part of a gzip member's content, compressed so that it can follow the one before it.
package struct DeflatedChunk: Sendable {
    /// Whole bytes of raw deflate (RFC 1951).
    let deflated: [UInt8]
    let crc: UInt32
    /// Bytes of the content.
    let contentCount: Int

    /// Decompresses the content.
    ///
    /// - Parameter dictionary: what the chunk was compressed after.
    package func content(after dictionary: [UInt8]) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: contentCount)
        var output = content.mutableSpan
        var (read, written) = (0, 0)
        try? Inflater(after: dictionary).inflate(deflated.span, at: &read, into: &output, at: &written)
        precondition(written == contentCount && CRC32.of(content) == crc, "inflate gave other bytes")
        return content
    }
}
