public import Threading

/// Compresses the blocks of gzip members.
public final class ChunkCompressor: Sendable {
    /// How far deflate looks back (RFC 1951): no more of a dictionary is of use.
    public static let windowBytes = 32 << 10

    /// 1 to 9.
    public let level: Int
    /// Compress a block each at a time.
    public let workers: WorkerThreads
    /// Their memory is best used again while a processor still has it at hand.
    private let idle = Locked<[Deflater]>([])

    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small).
    ///   - workers: how many blocks are compressed at a time.
    public init(level: Int, workers: Int) {
        self.level = level
        self.workers = WorkerThreads(count: workers)
    }

    /// Compresses one block on the thread that calls, which that keeps busy for milliseconds: have one of the ``workers``
    /// call.
    ///
    /// - Parameters:
    ///   - block: the content.
    ///   - dictionary: the block before it, or the last ``windowBytes`` of it; empty for the first.
    ///   - isLast: no block follows.
    public func compress(_ block: [UInt8], after dictionary: [UInt8], isLast: Bool) -> DeflatedChunk {
        let deflater = idle.withLock { $0.popLast() } ?? Deflater(level: level)
        defer { idle.withLock { $0.append(deflater) } }
        return DeflatedChunk(
            deflated: deflater.deflate(block, after: dictionary, isLast: isLast), crc: CRC32.of(block),
            contentCount: block.count)
    }

    /// Compresses blocks side by side.
    ///
    /// - Parameters:
    ///   - dictionary: the bytes before the first block.
    ///   - isEnd: the last block is the member's last.
    /// - Returns: a compressed block for each, in order.
    /// - Throws: `CancellationError` when the task is cancelled.
    func compress(_ blocks: [[UInt8]], after dictionary: [UInt8], isEnd: Bool) async throws -> [DeflatedChunk] {
        try await withThrowingTaskGroup(of: (Int, DeflatedChunk).self) { group in
            for index in blocks.indices {
                group.addTask(executorPreference: workers) { [self] in
                    try Task.checkCancellation()
                    let block = compress(
                        blocks[index], after: index == 0 ? dictionary : blocks[index - 1],
                        isLast: isEnd && index == blocks.count - 1)
                    return (index, block)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
