import Gzip
import Threading

/// A part of a batch's file before compression.
struct Chunk: Sendable {
    /// Its place in the file.
    let index: Int
    let content: ChunkBytes
    /// The end of the chunk before it.
    let dictionary: [UInt8]
    let isLast: Bool

    /// Compresses the chunk on the calling thread, which takes milliseconds.
    func compressed(with compressor: ChunkCompressor) -> DeflatedChunk {
        let deflated = compressor.compress(content.bytes, after: dictionary, isLast: isLast)
        content.replace(by: deflated, after: dictionary)
        return deflated
    }
}

/// Encoded rows, of which only the compressed form is kept once it exists.
///
/// That takes a fraction of the memory. The rows are decompressed only if one of them, or of the chunk before, is
/// removed.
final class ChunkBytes: Sendable {
    private enum State {
        case encoded([UInt8])
        case deflated(DeflatedChunk, dictionary: [UInt8])
    }

    /// In bytes.
    let count: Int
    /// The last bytes, as many as the compressor looks back.
    let end: [UInt8]
    private let state: Locked<State>

    init(_ bytes: [UInt8]) {
        count = bytes.count
        end = Array(bytes.suffix(ChunkCompressor.windowBytes))
        state = Locked(.encoded(bytes))
    }

    /// Whether the rows are kept as they were encoded.
    var isEncoded: Bool {
        if case .encoded = state.withLock({ $0 }) { true } else { false }
    }

    /// The encoded rows; decompressed if only the compressed form is kept.
    var bytes: [UInt8] {
        switch state.withLock({ $0 }) {
        case .encoded(let bytes): bytes
        case .deflated(let chunk, let dictionary): chunk.content(after: dictionary)
        }
    }

    /// Keeps the compressed form instead of the bytes.
    ///
    /// - Parameter chunk: these bytes, compressed after the dictionary.
    func replace(by chunk: DeflatedChunk, after dictionary: [UInt8]) {
        state.withLock { $0 = .deflated(chunk, dictionary: dictionary) }
    }
}
