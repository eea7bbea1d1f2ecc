/// Compresses blocks in parallel and joins them to one gzip member (RFC 1952), as pigz does.
///
/// One member, because several readers stop after the first: Perl's, Ruby's, older Trino's. The frame holds no name and
/// no time. The bytes depend on the blocks and the level, never on the number of workers.
public struct GzipMember: Sendable {
    /// Compressed bytes in pieces, in order, frame included.
    public let pieces: [[UInt8]]

    /// - Parameter blocks: the content; each block is compressed with the one before it as dictionary.
    /// - Throws: `CancellationError` when the task is cancelled.
    public init(compressing blocks: [[UInt8]], with compressor: BlockCompressor) async throws {
        // An empty stream still needs a last block.
        let blocks = blocks.isEmpty ? [[]] : blocks
        self.init(
            joining: try await compressor.compress(blocks, after: [], isEnd: true), level: compressor.level)
    }

    /// - Parameters:
    ///   - blocks: each compressed after the one before it, and the last one as such.
    ///   - level: that of the blocks.
    public init(joining blocks: [DeflatedBlock], level: Int) {
        var crc: UInt32 = 0
        var count = 0
        var pieces = [Self.header(level: level)]
        for block in blocks {
            crc = CRC32.combine(crc, block.crc, secondCount: block.contentCount)
            count += block.contentCount
            pieces.append(block.deflated)
        }
        pieces.append(Self.trailer(crc: crc, count: count))
        self.pieces = pieces
    }

    static func header(level: Int) -> [UInt8] {
        // Magic, deflate, no flags, no time, the hint at the level that gzip leaves, unknown operating system.
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level == 9 ? 2 : level == 1 ? 4 : 0, 255]
    }

    static func trailer(crc: UInt32, count: Int) -> [UInt8] {
        littleEndian(crc) + littleEndian(UInt32(truncatingIfNeeded: count))
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
