public import Threading

/// Compresses blocks that arrive over time to one gzip member, a few at a time in parallel.
///
/// The bytes depend on the blocks and the level, never on the number of workers or on which blocks came together.
public struct GzipStream: Sendable {
    private let level: Int
    private let workers: WorkerThreads
    private var last: [UInt8]?
    private var crc: UInt32 = 0
    private var count = 0

    /// - Parameters:
    ///   - level: 1 to 9.
    ///   - workers: compress a block each at a time.
    public init(level: Int, workers: WorkerThreads) {
        self.level = level
        self.workers = workers
    }

    /// Compresses blocks that more will follow.
    ///
    /// - Returns: the next pieces of the file, in order.
    /// - Throws: `CancellationError` when the task is cancelled.
    public mutating func compress(_ blocks: [[UInt8]]) async throws -> [[UInt8]] {
        guard let newLast = blocks.last else { return [] }
        var pieces = last == nil ? [GzipMember.header(level: level)] : []
        let compressed = try await GzipMember.compress(
            blocks, after: last ?? [], isEnd: false, level: level, workers: workers)
        for (block, content) in zip(compressed, blocks) {
            crc = CRC32.combine(crc, block.crc, secondCount: content.count)
            count += content.count
            pieces.append(block.deflated)
        }
        last = newLast
        return pieces
    }

    /// Ends the member.
    public mutating func finish() async throws -> [[UInt8]] {
        let header = last == nil ? [GzipMember.header(level: level)] : []
        let end = try await GzipMember.compress([[]], after: last ?? [], isEnd: true, level: level, workers: workers)
        return header + end.map(\.deflated) + [GzipMember.trailer(crc: crc, count: count)]
    }
}
