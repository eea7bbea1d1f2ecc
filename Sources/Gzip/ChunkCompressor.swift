package import Threading

/// Compresses the chunks of gzip members.
package final class ChunkCompressor: Sendable {
    /// How far deflate looks back (RFC 1951), and so how much of a dictionary it uses.
    package static let windowBytes = 32 << 10

    /// 1 to 9.
    package let level: Int
    /// Each compresses one chunk at a time.
    package let workers: WorkerThreads
    /// Idle deflaters, last in, first out, so that their state is still in the processor's cache.
    private let idle = Locked<[Deflater]>([])

    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small).
    ///   - workers: how many chunks are compressed at a time.
    package convenience init(level: Int, workers: Int) {
        self.init(level: level, workers: WorkerThreads(count: workers))
    }

    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small).
    ///   - workers: threads that other compressors may share.
    package init(level: Int, workers: WorkerThreads) {
        self.level = level
        self.workers = workers
    }

    /// Compresses one chunk on the calling thread. It takes milliseconds, so call it on one of the ``workers``.
    ///
    /// - Parameters:
    ///   - content: of the chunk.
    ///   - dictionary: the chunk before it, or its last ``windowBytes``; empty for the first.
    ///   - isLast: no chunk follows.
    package func compress(_ content: [UInt8], after dictionary: [UInt8], isLast: Bool) -> DeflatedChunk {
        let deflater = idle.withLock { $0.popLast() } ?? Deflater(level: level)
        defer { idle.withLock { $0.append(deflater) } }
        return DeflatedChunk(
            deflated: deflater.deflate(content, after: dictionary, isLast: isLast), crc: CRC32.of(content),
            contentCount: content.count)
    }

    /// Compresses chunks side by side.
    ///
    /// - Parameters:
    ///   - contents: of the chunks.
    ///   - dictionary: the bytes before the first chunk.
    ///   - isEnd: the last chunk is the member's last.
    /// - Returns: a compressed chunk for each, in order.
    /// - Throws: `CancellationError` when the task is cancelled.
    func compress(_ contents: [[UInt8]], after dictionary: [UInt8], isEnd: Bool) async throws -> [DeflatedChunk] {
        try await withThrowingTaskGroup(of: (Int, DeflatedChunk).self) { group in
            for index in contents.indices {
                group.addTask(executorPreference: workers) { [self] in
                    try Task.checkCancellation()
                    let chunk = compress(
                        contents[index], after: index == 0 ? dictionary : contents[index - 1],
                        isLast: isEnd && index == contents.count - 1)
                    return (index, chunk)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
