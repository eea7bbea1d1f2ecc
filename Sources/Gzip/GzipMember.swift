/// Compresses chunks in parallel and joins them to one gzip member (RFC 1952), as pigz does.
///
/// One member, because several readers stop after the first: Perl's, Ruby's, older Trino's. The bytes depend on the
/// chunks and the level, never on the number of workers.
package struct GzipMember: Sendable {
    /// Compressed bytes in pieces, in order, frame included.
    package let pieces: [[UInt8]]

    /// - Parameter chunks: the content; each is compressed with the one before it as dictionary.
    /// - Throws: `CancellationError` when the task is cancelled.
    package init(compressing chunks: [[UInt8]], with compressor: ChunkCompressor) async throws {
        // An empty stream still needs a last chunk.
        let chunks = chunks.isEmpty ? [[]] : chunks
        var frame = GzipFrame(level: compressor.level)
        let deflated = try await compressor.compress(chunks, after: [], isEnd: true).map { frame.append($0) }
        pieces = [frame.header] + deflated + [frame.trailer]
    }
}
