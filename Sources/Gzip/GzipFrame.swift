/// Header and trailer of a gzip member (RFC 1952), computed while its chunks arrive.
///
/// The header has no file name and no time.
package struct GzipFrame: Sendable {
    /// The member's first bytes.
    package let header: [UInt8]
    private var crc: UInt32 = 0
    private var contentCount = 0

    /// - Parameter level: that of the chunks, 1 to 9.
    package init(level: Int) {
        // Magic, deflate, no flags, no time, gzip's hint at the level, unknown operating system.
        header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level == 9 ? 2 : level == 1 ? 4 : 0, 255]
    }

    /// Counts the next chunk into the trailer.
    ///
    /// - Parameter chunk: compressed after the one before it; the last one with `isLast`.
    /// - Returns: the bytes that come next in the member.
    package mutating func append(_ chunk: DeflatedChunk) -> [UInt8] {
        crc = CRC32.combine(crc, chunk.crc, secondCount: chunk.contentCount)
        contentCount += chunk.contentCount
        return chunk.deflated
    }

    /// The member's last bytes, after the last chunk.
    package var trailer: [UInt8] {
        Self.littleEndian(crc) + Self.littleEndian(UInt32(truncatingIfNeeded: contentCount))
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
