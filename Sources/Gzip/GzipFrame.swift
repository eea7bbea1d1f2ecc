/// What stands round the compressed blocks of a gzip member (RFC 1952), kept while they arrive.
///
/// It holds no name and no time.
public struct GzipFrame: Sendable {
    /// The member's first bytes.
    public let header: [UInt8]
    private var crc: UInt32 = 0
    private var contentCount = 0

    /// - Parameter level: that of the blocks, 1 to 9.
    public init(level: Int) {
        // Magic, deflate, no flags, no time, the hint at the level that gzip leaves, unknown operating system.
        header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level == 9 ? 2 : level == 1 ? 4 : 0, 255]
    }

    /// Takes the next block into account.
    ///
    /// - Parameter block: compressed after the one before it, and the last one as such.
    /// - Returns: the bytes that come next in the member.
    public mutating func append(_ block: DeflatedChunk) -> [UInt8] {
        crc = CRC32.combine(crc, block.crc, secondCount: block.contentCount)
        contentCount += block.contentCount
        return block.deflated
    }

    /// The member's last bytes, behind the last block.
    public var trailer: [UInt8] {
        Self.littleEndian(crc) + Self.littleEndian(UInt32(truncatingIfNeeded: contentCount))
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
