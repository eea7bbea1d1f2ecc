import Gzip

/// The blocks of a batch, as far as they are compressed.
struct CompressionProgress {
    /// One attempt at a block.
    struct Ticket: Sendable {
        /// The batch's.
        let sequence: Int
        let index: Int
        let attempt: Int
    }

    let sequence: Int
    /// Of each block the newest attempt; 0 if there was none.
    private var attempts: [Int] = []
    private var done: [DeflatedBlock?] = []
    /// Blocks whose newest attempt is not done.
    private var underway = 0
    /// Nil while the batch is open.
    private var blockCount: Int?

    init(sequence: Int) {
        self.sequence = sequence
    }

    /// Has a block compressed, again if it was before and has changed: what comes of that attempt does not count.
    mutating func start(_ index: Int) -> Ticket {
        while attempts.count <= index {
            attempts.append(0)
            done.append(nil)
        }
        if attempts[index] == 0 || done[index] != nil { underway += 1 }
        attempts[index] += 1
        done[index] = nil
        return Ticket(sequence: sequence, index: index, attempt: attempts[index])
    }

    mutating func finish(_ ticket: Ticket, _ block: DeflatedBlock) {
        guard attempts[ticket.index] == ticket.attempt else { return }
        done[ticket.index] = block
        underway -= 1
    }

    /// No block begins any more.
    mutating func end(blockCount: Int) {
        self.blockCount = blockCount
    }

    /// All of them, compressed; nil as long as they are not.
    var blocks: [DeflatedBlock]? {
        underway == 0 && done.count == blockCount ? done.compactMap(\.self) : nil
    }
}
