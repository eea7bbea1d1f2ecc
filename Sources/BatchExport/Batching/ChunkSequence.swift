import Gzip

/// Puts the compressed chunks of one batch in order.
///
/// Chunks are compressed side by side, and again if they change, so they are finished in any order.
struct ChunkSequence {
    /// One attempt to compress a chunk.
    struct Ticket: Sendable {
        /// The batch's.
        let sequence: Int
        let index: Int
        let attempt: Int
    }

    let sequence: Int
    /// The compressed chunks in order; the first comes when the batch is sealed, the rest as they are finished.
    let chunks: AsyncStream<DeflatedChunk>
    private let output: AsyncStream<DeflatedChunk>.Continuation
    /// For each chunk the newest attempt; 0 if there was none.
    private var attempts: [Int] = []
    /// The results of the newest attempts that are not delivered yet.
    private var finished: [DeflatedChunk?] = []
    private var deliveredCount = 0
    /// Nil while the batch is open.
    private var chunkCount: Int?

    init(sequence: Int) {
        self.sequence = sequence
        (chunks, output) = AsyncStream.makeStream()
    }

    /// Begins an attempt to compress a chunk. Earlier attempts at a chunk that has changed do not count any more.
    mutating func start(_ index: Int) -> Ticket {
        while attempts.count <= index {
            attempts.append(0)
            finished.append(nil)
        }
        attempts[index] += 1
        finished[index] = nil
        return Ticket(sequence: sequence, index: index, attempt: attempts[index])
    }

    mutating func finish(_ ticket: Ticket, _ chunk: DeflatedChunk) {
        guard attempts[ticket.index] == ticket.attempt else { return }
        finished[ticket.index] = chunk
        deliver()
    }

    /// The batch is sealed, and every attempt has begun.
    mutating func end(chunkCount: Int) {
        self.chunkCount = chunkCount
        deliver()
    }

    /// Whether all chunks were delivered.
    var isComplete: Bool { deliveredCount == chunkCount }

    private mutating func deliver() {
        // While the batch is open, any chunk may have to be compressed again.
        guard let chunkCount else { return }
        while deliveredCount < chunkCount, let chunk = finished[deliveredCount] {
            finished[deliveredCount] = nil
            output.yield(chunk)
            deliveredCount += 1
        }
        if isComplete { output.finish() }
    }
}
