import Glibc
import Loopback

/// An object in S3 as a file in memory that the kernel sends directly. The server shares the processor with the
/// measured command, so it should use little of it.
final class ObjectFile: Sendable {
    private let descriptor: Int32
    /// In bytes.
    let size: Int

    convenience init(_ result: GeneratedResult) throws(SystemFailure) {
        var offset = 0
        try self.init { chunk in
            guard offset < result.csvBytes else { return }
            result.appendCSV(from: offset, maximum: min(1 << 20, result.csvBytes - offset), to: &chunk)
            offset += chunk.count
        }
    }

    /// - Parameter appendNext: appends the next bytes of the object; nothing at its end.
    init(_ appendNext: (inout [UInt8]) -> Void) throws(SystemFailure) {
        let name = "/athena-export-benchmark-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw SystemFailure("shm_open") }
        shm_unlink(name)
        var chunk: [UInt8] = []
        var size = 0
        while true {
            chunk.removeAll(keepingCapacity: true)
            appendNext(&chunk)
            if chunk.isEmpty { break }
            guard write(descriptor, chunk, chunk.count) == chunk.count else { throw SystemFailure("shared memory") }
            size += chunk.count
        }
        self.size = size
    }

    deinit { close(descriptor) }

    /// SIGPIPE must be blocked, as it is on the threads of ``LoopbackServer``.
    ///
    /// - Returns: false when the client is gone.
    func send(_ range: Range<Int>, to socket: Int32) -> Bool {
        var offset = off_t(range.lowerBound)
        while offset < range.upperBound {
            let count = sendfile(socket, descriptor, &offset, range.upperBound - Int(offset))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
        }
        return true
    }
}
