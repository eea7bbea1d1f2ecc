import Text

/// Collects the lines of the merged table in chunks for the output.
struct MergedText {
    private(set) var lineCount = 0
    private var chunks: [[UInt8]]
    private let chunksAtATime: Int

    private static let longChunkBytes = 4 * BatchChunks.chunkBytes

    /// - Parameters:
    ///   - header: of the text.
    ///   - chunksAtATime: that the output gets.
    init(header: [UInt8], chunksAtATime: Int) {
        chunks = [header]
        self.chunksAtATime = chunksAtATime
    }

    /// Whether the chunks are due before the next line.
    var isFull: Bool {
        guard let last = chunks.last, last.count >= BatchChunks.chunkBytes else { return false }
        // Long rows make long chunks, of which there are then fewer.
        return chunks.count >= chunksAtATime || chunks.contains { $0.count > Self.longChunkBytes }
    }

    mutating func append(_ bytes: Span<UInt8>, _ line: Range<Int>) {
        if chunks.last.map({ $0.count >= BatchChunks.chunkBytes }) ?? true {
            chunks.append([])
            chunks[chunks.count - 1].reserveCapacity(BatchChunks.chunkBytes + (8 << 10))
        }
        chunks[chunks.count - 1].append(copying: bytes, in: line)
        lineCount += 1
    }

    /// The chunks so far, for the output.
    mutating func take() -> [[UInt8]] { exchange(&chunks, with: []) }
}
