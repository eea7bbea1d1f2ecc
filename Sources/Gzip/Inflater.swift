internal import CZlib

/// Decompresses one gzip member (RFC 1952), or one chunk of raw deflate, piece by piece in constant memory.
///
/// Stricter than gzip itself: one member, and nothing after it. Not thread-safe.
package final class Inflater {
    /// Whether the member's end was reached and its check value and length were right.
    package private(set) var isAtEnd = false

    /// On the heap and never moved: zlib's internal state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// For a gzip member.
    package convenience init() {
        // 16 on top of the window bits: zlib reads the gzip frame too, and compares its check value and length with what
        // it has decompressed.
        self.init(windowBits: MAX_WBITS + 16)
    }

    /// For one chunk.
    ///
    /// - Parameter dictionary: what it was compressed after.
    convenience init(after dictionary: [UInt8]) {
        self.init(windowBits: -MAX_WBITS)
        dictionary.withDeflateWindow { _ = inflateSetDictionary(stream, $0.baseAddress, UInt32($0.count)) }
    }

    private init(windowBits: Int32) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory")
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Decompresses until the input is used up, the output is full, or the member ends.
    ///
    /// - Parameters:
    ///   - inputOffset: where in the input to continue; moved behind the consumed bytes.
    ///   - outputOffset: where in the output to continue; moved behind the written bytes.
    package func inflate(
        _ input: Span<UInt8>, at inputOffset: inout Int, into output: inout MutableSpan<UInt8>,
        at outputOffset: inout Int
    ) throws(GzipError) {
        guard !isAtEnd, inputOffset < input.count, outputOffset < output.count else { return }
        let available = (input: input.count - inputOffset, output: output.count - outputOffset)
        let status = input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress).map { $0 + inputOffset }
                stream.pointee.avail_in = UInt32(clamping: available.input)
                stream.pointee.next_out = output.baseAddress.map { $0 + outputOffset }
                stream.pointee.avail_out = UInt32(clamping: available.output)
                let given = (input: Int(stream.pointee.avail_in), output: Int(stream.pointee.avail_out))
                let status = CZlib.inflate(stream, Z_NO_FLUSH)
                inputOffset += given.input - Int(stream.pointee.avail_in)
                outputOffset += given.output - Int(stream.pointee.avail_out)
                return status
            }
        }
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isAtEnd = true
        default: throw .corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)")
        }
    }
}

/// Why bytes are not a gzip member.
package enum GzipError: Error, Equatable, Sendable, CustomStringConvertible {
    /// In zlib's words: `incorrect data check`.
    case corrupt(String)

    package var description: String {
        switch self {
        case .corrupt(let reason): reason
        }
    }
}
