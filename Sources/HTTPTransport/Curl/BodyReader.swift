import CCurl

/// Hands the bytes of a request's body to libcurl as it asks for them.
final class BodyReader {
    /// In bytes.
    let length: Int
    /// Whether the request asks the server to look at the header fields before the body is sent, so that a refusal costs
    /// no transfer.
    let waitsForContinue: Bool
    /// Why the body could not be read; nil if it could.
    private(set) var failure: String?
    private let source: HTTPBodySource
    private var offset = 0

    /// What a body must have to be worth the wait, in bytes: libcurl's own limit.
    private static let leastToWaitFor = 1 << 20

    /// - Parameter answersContinue: whether the server is known, or can be hoped, to answer with 100.
    init(_ source: HTTPBodySource, answersContinue: Bool) {
        self.source = source
        length = source.length
        waitsForContinue = answersContinue && source.length >= Self.leastToWaitFor
    }

    /// Begins again: libcurl has found that a kept connection was closed.
    func rewind(to offset: Int) -> Bool {
        guard (0...length).contains(offset) else { return false }
        self.offset = offset
        return true
    }

    /// - Returns: how many bytes it has put into the buffer; nil to end the transfer.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = min(buffer.count, length - offset)
        guard count > 0 else { return 0 }
        do {
            let bytes = try source.bytes(at: offset, upTo: count)
            guard !bytes.isEmpty, bytes.count <= count else {
                failure = "it ends after \(offset) of \(length) bytes"
                return nil
            }
            buffer.copyBytes(from: bytes)
            offset += bytes.count
            return bytes.count
        } catch {
            failure = "\(error)"
            return nil
        }
    }
}

let readBody: ccurl_write_callback = { bytes, size, count, context in
    guard let context else { return ccurl_readfunc_abort() }
    let reader = Unmanaged<BodyReader>.fromOpaque(context).takeUnretainedValue()
    return reader.fill(UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? ccurl_readfunc_abort()
}

let rewindBody: ccurl_seek_callback = { context, offset, origin in
    guard let context, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
    let reader = Unmanaged<BodyReader>.fromOpaque(context).takeUnretainedValue()
    return reader.rewind(to: Int(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
}
