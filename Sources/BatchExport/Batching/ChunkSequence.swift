import Gzip

/// The blocks of a batch on their way through the compressor.
struct ChunkSequence {
    /// One attempt at a block.
    struct Ticket: Sendable {
        /// The batch's.
        let sequence: Int
        let index: Int
        let attempt: Int
    }

    let sequence: Int
    /// The compressed blocks in order; the first comes when the batch is closed, the rest as they are done.
    let blocks: AsyncStream<DeflatedChunk>
    private let output: AsyncStream<DeflatedChunk>.Continuation
    /// Of each block the newest attempt; 0 if there was none.
    private var attempts: [Int] = []
    /// What came of the newest attempts and is not given on.
    private var done: [DeflatedChunk?] = []
    /// Blocks that were given on.
    private var delivered = 0
    /// Nil while the batch is open.
    private var blockCount: Int?

    init(sequence: Int) {
        self.sequence = sequence
        (blocks, output) = AsyncStream.makeStream()
    }

    /// Has a block compressed, again if it was before and has changed: what comes of that attempt does not count.
    mutating func start(_ index: Int) -> Ticket {
        while attempts.count <= index {
            attempts.append(0)
            done.append(nil)
        }
        attempts[index] += 1
        done[index] = nil
        return Ticket(sequence: sequence, index: index, attempt: attempts[index])
    }

    mutating func finish(_ ticket: Ticket, _ block: DeflatedChunk) {
        guard attempts[ticket.index] == ticket.attempt else { return }
        done[ticket.index] = block
        deliver()
    }

    /// No block begins any more.
    mutating func end(blockCount: Int) {
        self.blockCount = blockCount
        deliver()
    }

    /// Whether all blocks were given on.
    var isComplete: Bool { delivered == blockCount }

    private mutating func deliver() {
        // While the batch is open, any block may have to be compressed again.
        guard let blockCount else { return }
        while delivered < blockCount, let block = done[delivered] {
            done[delivered] = nil
            output.yield(block)
            delivered += 1
        }
        if isComplete { output.finish() }
    }
}
