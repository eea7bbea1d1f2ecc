import Gzip
import Testing

@testable import BatchExport

@Suite struct `Blocks on their way through the compressor` {
    private let compressor = ChunkCompressor(level: 6, workers: 1)

    /// Blocks are told apart by their length before compression.
    private func block(_ count: Int) -> DeflatedChunk {
        compressor.compress([UInt8](repeating: 0x61, count: count), after: [], isLast: false)
    }

    /// What was given on, as it would stand in a file.
    private func bytes(_ blocks: [DeflatedChunk]) -> [[UInt8]] {
        var frame = GzipFrame(level: 6)
        return blocks.map { frame.append($0) }
    }

    @Test func `are given on in order, whatever the order they come in`() async {
        var progress = ChunkSequence(sequence: 1)
        let tickets = (0..<4).map { progress.start($0) }
        progress.finish(tickets[2], block(300))
        progress.end(blockCount: 4)
        for index in [3, 0, 1] {
            #expect(!progress.isComplete)
            progress.finish(tickets[index], block(100 * (index + 1)))
        }
        #expect(progress.isComplete)
        var given: [DeflatedChunk] = []
        for await block in progress.blocks { given.append(block) }
        #expect(bytes(given) == bytes([100, 200, 300, 400].map(block)))
    }

    @Test func `count only as what they were last`() async {
        var progress = ChunkSequence(sequence: 1)
        let early = progress.start(0)
        let done = progress.start(1)
        progress.finish(done, block(100))
        // Rows were taken out of both; one attempt had ended, the other ends when the batch is closed.
        let again = [progress.start(0), progress.start(1)]
        progress.end(blockCount: 2)
        progress.finish(early, block(200))
        progress.finish(again[1], block(300))
        #expect(!progress.isComplete)
        progress.finish(again[0], block(400))
        var given: [DeflatedChunk] = []
        for await block in progress.blocks { given.append(block) }
        #expect(bytes(given) == bytes([400, 300].map(block)))
    }
}
