internal import Synchronization
public import Threading

/// Compresses blocks in parallel and joins them to one gzip member (RFC 1952), as pigz does.
///
/// One member, because several readers stop after the first: Perl's, Ruby's, older Trino's. The frame holds no name and
/// no time. The bytes depend on the blocks and the level, never on the number of workers.
public struct GzipMember: Sendable {
    /// Compressed bytes in pieces, in order, frame included.
    public let pieces: [[UInt8]]

    /// - Parameters:
    ///   - blocks: the content; each block is compressed with the one before it as dictionary.
    ///   - level: 1 to 9.
    ///   - workers: compress a block each at a time.
    ///   - whenTaken: called once a worker finds no block left, and so is free for another member.
    /// - Throws: `CancellationError` when the task is cancelled.
    public init(
        compressing blocks: [[UInt8]], level: Int, workers: WorkerThreads,
        whenTaken: @escaping @Sendable () -> Void = {}
    ) async throws {
        // An empty stream still needs a last block.
        let blocks = blocks.isEmpty ? [[]] : blocks
        let compressed = try await Self.compress(
            blocks, after: [], isEnd: true, level: level, workers: workers, whenTaken: whenTaken)
        var crc: UInt32 = 0
        var count = 0
        var pieces = [Self.header(level: level)]
        for block in compressed {
            crc = CRC32.combine(crc, block.crc, secondCount: blocks[block.index].count)
            count += blocks[block.index].count
            pieces.append(block.deflated)
        }
        pieces.append(Self.trailer(crc: crc, count: count))
        self.pieces = pieces
    }

    struct Block: Sendable {
        let index: Int
        let deflated: [UInt8]
        let crc: UInt32
    }

    /// Compresses blocks in parallel.
    ///
    /// - Parameters:
    ///   - dictionary: the bytes before the first block.
    ///   - isEnd: the last block is the member's last.
    /// - Returns: a compressed block for each, in order.
    static func compress(
        _ blocks: [[UInt8]], after dictionary: [UInt8], isEnd: Bool, level: Int, workers: WorkerThreads,
        whenTaken: @escaping @Sendable () -> Void = {}
    ) async throws -> [Block] {
        let queue = BlockQueue(count: blocks.count, workers: workers.count, whenTaken: whenTaken)
        return try await withThrowingTaskGroup(of: [Block].self) { group in
            for _ in 0..<max(1, min(workers.count, blocks.count)) {
                group.addTask(executorPreference: workers) {
                    let deflater = Deflater(level: level)
                    var done: [Block] = []
                    while let index = queue.next() {
                        let deflated = deflater.deflate(
                            blocks[index], after: index == 0 ? dictionary : blocks[index - 1],
                            isLast: isEnd && index == blocks.count - 1)
                        done.append(Block(index: index, deflated: deflated, crc: CRC32.of(blocks[index])))
                        try Task.checkCancellation()
                    }
                    return done
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.index < $1.index }
        }
    }

    /// Gives each block to the worker that is free first: nobody knows how long one takes beside other work.
    private final class BlockQueue: Sendable {
        private let count: Int
        private let workers: Int
        private let whenTaken: @Sendable () -> Void
        private let taken = Atomic(0)

        init(count: Int, workers: Int, whenTaken: @escaping @Sendable () -> Void) {
            self.count = count
            self.workers = workers
            self.whenTaken = whenTaken
        }

        func next() -> Int? {
            let index = taken.add(1, ordering: .relaxed).oldValue
            // With fewer blocks than workers, some have nothing to begin with.
            if index == (count < workers ? count - 1 : count) { whenTaken() }
            return index < count ? index : nil
        }
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
