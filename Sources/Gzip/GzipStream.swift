/// Compresses blocks that arrive over time to one gzip member, a few at a time in parallel.
///
/// The bytes depend on the blocks and the level, never on the number of workers or on which blocks came together.
public struct GzipStream: Sendable {
    private let compressor: BlockCompressor
    private var last: [UInt8]?
    private var crc: UInt32 = 0
    private var count = 0

    public init(with compressor: BlockCompressor) {
        self.compressor = compressor
    }

    /// Compresses blocks that more will follow.
    ///
    /// - Returns: the next pieces of the file, in order.
    /// - Throws: `CancellationError` when the task is cancelled.
    public mutating func compress(_ blocks: [[UInt8]]) async throws -> [[UInt8]] {
        guard let newLast = blocks.last else { return [] }
        var pieces = last == nil ? [GzipMember.header(level: compressor.level)] : []
        for block in try await compressor.compress(blocks, after: last ?? [], isEnd: false) {
            crc = CRC32.combine(crc, block.crc, secondCount: block.contentCount)
            count += block.contentCount
            pieces.append(block.deflated)
        }
        last = newLast
        return pieces
    }

    /// Ends the member.
    public mutating func finish() async throws -> [[UInt8]] {
        let header = last == nil ? [GzipMember.header(level: compressor.level)] : []
        let end = try await compressor.compress([[]], after: last ?? [], isEnd: true)
        return header + end.map(\.deflated) + [GzipMember.trailer(crc: crc, count: count)]
    }
}
