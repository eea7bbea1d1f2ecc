import Gzip
import Testing

@testable import BatchExport

@Suite struct `The chunks of a batch in the compressor` {
    private let compressor = ChunkCompressor(level: 6, workers: 1)

    /// Chunks are distinguished by their length before compression.
    private func chunk(_ count: Int) -> DeflatedChunk {
        compressor.compress([UInt8](repeating: 0x61, count: count), after: [], isLast: false)
    }

    /// The delivered chunks, as they would stand in a file.
    private func bytes(_ chunks: [DeflatedChunk]) -> [[UInt8]] {
        var frame = GzipFrame(level: 6)
        return chunks.map { frame.append($0) }
    }

    @Test func `compressed chunks are delivered in order, whatever the order they are finished in`() async {
        var sequence = ChunkSequence(sequence: 1)
        let tickets = (0..<4).map { sequence.start($0) }
        sequence.finish(tickets[2], chunk(300))
        sequence.end(chunkCount: 4)
        for index in [3, 0, 1] {
            #expect(!sequence.isComplete)
            sequence.finish(tickets[index], chunk(100 * (index + 1)))
        }
        #expect(sequence.isComplete)
        var given: [DeflatedChunk] = []
        for await chunk in sequence.chunks { given.append(chunk) }
        #expect(bytes(given) == bytes([100, 200, 300, 400].map(chunk)))
    }

    @Test func `only the newest attempt at a chunk counts`() async {
        var sequence = ChunkSequence(sequence: 1)
        let early = sequence.start(0)
        let done = sequence.start(1)
        sequence.finish(done, chunk(100))
        // Both chunks lost rows; one attempt had ended, the other ends when the batch is closed.
        let again = [sequence.start(0), sequence.start(1)]
        sequence.end(chunkCount: 2)
        sequence.finish(early, chunk(200))
        sequence.finish(again[1], chunk(300))
        #expect(!sequence.isComplete)
        sequence.finish(again[0], chunk(400))
        var given: [DeflatedChunk] = []
        for await chunk in sequence.chunks { given.append(chunk) }
        #expect(bytes(given) == bytes([400, 300].map(chunk)))
    }
}
