internal import CZlib

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Compresses chunks, one after another, each to whole bytes of raw deflate (RFC 1951).
///
/// The stream state is a quarter of a megabyte, and is used again for every chunk. Not thread-safe: ``ChunkCompressor``
/// gives each deflater to one thread at a time, hence `@unchecked Sendable`.
final class Deflater: @unchecked Sendable {
    /// On the heap and never moved: zlib's internal state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output: [UInt8] = []

    /// - Parameter level: 1 (fast) to 9 (small).
    init(level: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Negative window bits: raw deflate, since one gzip frame surrounds all chunks.
        let status = deflateInit2_(
            stream, Int32(level), Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib refuses level \(level) or has no memory")
    }

    deinit {
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Compresses one chunk.
    ///
    /// Yields the core several times meanwhile: a chunk takes milliseconds, while the thread that waits for a page needs
    /// the core for less than one to ask for the next page.
    ///
    /// - Parameters:
    ///   - content: of the chunk.
    ///   - dictionary: the bytes before the chunk; their last 32 KiB help to compress it.
    ///   - isLast: ends the deflate stream; otherwise the output is flushed to a byte border, so that the next chunk can
    ///     be compressed by another thread and follow directly.
    func deflate(_ content: [UInt8], after dictionary: [UInt8], isLast: Bool) -> [UInt8] {
        deflateReset(stream)
        dictionary.withDeflateWindow { _ = deflateSetDictionary(stream, $0.baseAddress, UInt32($0.count)) }
        // Room for the flush marker on top of zlib's own bound.
        let bound = Int(deflateBound(stream, UInt(content.count))) + 16
        if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
        var read = 0
        var written = 0
        while content.count - read > Self.sliceBytes {
            let next = read + Self.sliceBytes
            written += deflate(content, read..<next, to: written, Z_NO_FLUSH)
            read = next
            sched_yield()
        }
        written += deflate(content, read..<content.count, to: written, isLast ? Z_FINISH : Z_SYNC_FLUSH)
        return Array(output[..<written])
    }

    private static let sliceBytes = 16 << 10

    /// - Returns: how many bytes were written.
    private func deflate(_ content: [UInt8], _ slice: Range<Int>, to offset: Int, _ flush: Int32) -> Int {
        content.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                let input = input.extracting(slice)
                let output = output.extracting(offset...)
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(output.count)
                let status = CZlib.deflate(stream, flush)
                precondition(
                    stream.pointee.avail_in == 0 && status == (flush == Z_FINISH ? Z_STREAM_END : Z_OK),
                    "deflate wrote more than deflateBound allows")
                return output.count - Int(stream.pointee.avail_out)
            }
        }
    }
}

extension [UInt8] {
    /// Passes the end of these bytes that deflate looks back at; does nothing if there are none.
    func withDeflateWindow(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard !isEmpty else { return }
        withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0.suffix(ChunkCompressor.windowBytes))) }
    }
}
