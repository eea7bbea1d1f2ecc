import Glibc

/// The server's end of a connection, for the thread that serves it.
package final class ServerConnection {
    /// Of the socket, for a system call of the caller.
    package let descriptor: Int32
    private let port: Int
    private let connections: OpenConnections
    private var input = [UInt8](repeating: 0, count: 16 << 10)
    private var inputCount = 0
    private var isOpen = true

    /// For the bodies of answers: one allocation for all of them.
    package var output: [UInt8] = []

    init(_ descriptor: Int32, port: Int, of connections: OpenConnections) {
        self.descriptor = descriptor
        self.port = port
        self.connections = connections
    }

    /// The next request; nil if the client closed the connection or sent something that is not HTTP.
    ///
    /// - Parameter consents: tells a client that waits for consent to send its body.
    package func readRequest(consents: Bool = false) -> LoopbackServer.Request? {
        guard let bodyStart = readToEndOfHead(),
            var request = LoopbackServer.Request(head: input[..<bodyStart], port: port),
            let length = Int(request.header("Content-Length") ?? "0"), length >= 0
        else { return nil }
        if consents, request.header("Expect")?.lowercased() == "100-continue" { write("HTTP/1.1 100 Continue\r\n\r\n") }
        while inputCount < bodyStart + length { guard readMore() else { return nil } }
        request.body = Array(input[bodyStart..<bodyStart + length])
        drop(bodyStart + length)
        return request
    }

    /// Reads the head of a request and leaves its body unread.
    ///
    /// - Returns: false when the client hung up.
    package func readHead() -> Bool {
        guard let end = readToEndOfHead() else { return false }
        drop(end)
        return true
    }

    /// Reads so many bytes, or fewer if the client hangs up before.
    package func readBody(_ count: Int) -> [UInt8] {
        while inputCount < count { guard readMore() else { break } }
        let end = min(count, inputCount)
        defer { drop(end) }
        return Array(input[..<end])
    }

    /// Reads at most so many bytes after a moment.
    ///
    /// - Returns: how many there were; 0 when the client hung up.
    package func readSome(_ count: Int) -> Int {
        pause(0.01)
        if inputCount == 0 {
            var chunk = [UInt8](repeating: 0, count: count)
            return max(0, recv(descriptor, &chunk, count, 0))
        }
        let end = min(count, inputCount)
        drop(end)
        return end
    }

    /// Blocks this connection's thread.
    package func pause(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }

    /// Sends a text.
    package func write(_ text: String) { write(Array(text.utf8)) }

    /// Sends bytes.
    ///
    /// - Parameter moreFollows: lets the system send them in one packet with the next ones.
    /// - Returns: false when the client is gone.
    @discardableResult
    package func write(_ bytes: [UInt8], moreFollows: Bool = false) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
                let count = send(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, flags)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// Sends nothing more until the client closes the connection.
    package func waitForClient() {
        while readMore() { inputCount = 0 }
    }

    /// Ends the connection with RST instead of FIN.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }

    /// Ends the connection, if it is still open.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        connections.close(descriptor)
    }

    /// - Returns: the offset behind the blank line; nil if the client hung up before.
    private func readToEndOfHead() -> Int? {
        while true {
            if let end = endOfHead { return end }
            guard readMore() else { return nil }
        }
    }

    private var endOfHead: Int? {
        let (cr, lf) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        var offset = 3
        while offset < inputCount {
            if input[offset] == lf, input[offset - 1] == cr, input[offset - 2] == lf, input[offset - 3] == cr {
                return offset + 1
            }
            offset += 1
        }
        return nil
    }

    private func drop(_ count: Int) {
        input.removeSubrange(..<count)
        inputCount -= count
    }

    private func readMore() -> Bool {
        if input.count - inputCount < 4096 {
            // An array is copied at once; any other sequence one byte after the other, which takes minutes under a sanitizer.
            input += [UInt8](repeating: 0, count: max(16 << 10, input.count))
        }
        let count = input.withUnsafeMutableBytes { buffer in
            recv(descriptor, buffer.baseAddress.map { $0 + inputCount }, buffer.count - inputCount, 0)
        }
        guard count > 0 else { return false }
        inputCount += count
        return true
    }
}
