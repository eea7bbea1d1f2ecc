import Gzip
import Threading

/// A part of a batch's file before compression.
struct Chunk: Sendable {
    /// Its place in the file.
    let index: Int
    let content: ChunkBytes
    /// The end of the block before it.
    let dictionary: [UInt8]
    let isLast: Bool

    /// Compresses the block on the thread that calls, which that keeps busy for milliseconds.
    func compressed(with compressor: ChunkCompressor) -> DeflatedChunk {
        let block = compressor.compress(content.bytes, after: dictionary, isLast: isLast)
        content.giveWay(to: block, after: dictionary)
        return block
    }
}

/// Encoded rows, which give way to what they were compressed to: that takes a fraction of the memory, and they are
/// asked for again only if one of them, or of the block before, is taken out.
final class ChunkBytes: Sendable {
    private enum State {
        case encoded([UInt8])
        case deflated(DeflatedChunk, dictionary: [UInt8])
    }

    /// In bytes.
    let count: Int
    /// As much of the end as the compressor looks back at.
    let end: [UInt8]
    private let state: Locked<State>

    init(_ bytes: [UInt8]) {
        count = bytes.count
        end = Array(bytes.suffix(ChunkCompressor.windowBytes))
        state = Locked(.encoded(bytes))
    }

    /// Whether they have not given way.
    var isEncoded: Bool {
        if case .encoded = state.withLock({ $0 }) { true } else { false }
    }

    /// Decompressed if they have given way.
    var bytes: [UInt8] {
        switch state.withLock({ $0 }) {
        case .encoded(let bytes): bytes
        case .deflated(let block, let dictionary): block.content(after: dictionary)
        }
    }

    /// - Parameter block: these bytes compressed after the dictionary.
    func giveWay(to block: DeflatedChunk, after dictionary: [UInt8]) {
        state.withLock { $0 = .deflated(block, dictionary: dictionary) }
    }
}
