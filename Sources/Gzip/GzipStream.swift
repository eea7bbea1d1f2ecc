/// Compresses chunks that arrive over time to one gzip member, a few at a time in parallel.
///
/// The bytes depend on the chunks and the level, never on the number of workers or on which chunks arrive together.
package struct GzipStream: Sendable {
    private let compressor: ChunkCompressor
    private var frame: GzipFrame
    private var last: [UInt8]?

    package init(with compressor: ChunkCompressor) {
        self.compressor = compressor
        frame = GzipFrame(level: compressor.level)
    }

    /// Compresses chunks that are not the last.
    ///
    /// - Returns: the next pieces of the file, in order.
    /// - Throws: `CancellationError` when the task is cancelled.
    package mutating func compress(_ chunks: [[UInt8]]) async throws -> [[UInt8]] {
        guard let newLast = chunks.last else { return [] }
        let header = last == nil ? [frame.header] : []
        let deflated = try await compressor.compress(chunks, after: last ?? [], isEnd: false)
        last = newLast
        return header + deflated.map { frame.append($0) }
    }

    /// Ends the member.
    package mutating func finish() async throws -> [[UInt8]] {
        let header = last == nil ? [frame.header] : []
        let end = try await compressor.compress([[]], after: last ?? [], isEnd: true)
        return header + end.map { frame.append($0) } + [frame.trailer]
    }
}
