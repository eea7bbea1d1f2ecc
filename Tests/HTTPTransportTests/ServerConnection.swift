import Foundation

/// A request as it came over the wire.
struct ReceivedRequest: Sendable {
    let method: String
    let target: String
    /// `Name: value`, in their order.
    let fields: [String]
    let body: [UInt8]

    subscript(name: String) -> String? {
        let prefix = name.lowercased() + ":"
        return fields.first { $0.lowercased().hasPrefix(prefix) }?
            .dropFirst(prefix.count).trimmingCharacters(in: .whitespaces)
    }
}

/// The server's end of a connection, for the thread that serves it.
final class ServerConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// `nil` when the client has closed the connection.
    func readRequest() -> ReceivedRequest? {
        var headEnd = buffer.firstRange(of: Array("\r\n\r\n".utf8))
        while headEnd == nil {
            guard readMore() else { return nil }
            headEnd = buffer.firstRange(of: Array("\r\n\r\n".utf8))
        }
        guard let headEnd else { return nil }
        let lines = String(decoding: buffer[..<headEnd.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        buffer.removeSubrange(..<headEnd.upperBound)
        let start = lines[0].split(separator: " ")
        let head = ReceivedRequest(
            method: String(start[0]), target: String(start[1]), fields: Array(lines.dropFirst()), body: [])
        let length = head["Content-Length"].flatMap { Int($0) } ?? 0
        while buffer.count < length { guard readMore() else { return nil } }
        let body = Array(buffer.prefix(length))
        buffer.removeFirst(length)
        return ReceivedRequest(method: head.method, target: head.target, fields: head.fields, body: body)
    }

    /// Reads the head of a request and leaves its body unread.
    ///
    /// - Returns: `false` when the client hung up.
    func readHead() -> Bool {
        while buffer.firstRange(of: Array("\r\n\r\n".utf8)) == nil { guard readMore() else { return false } }
        if let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) { buffer.removeSubrange(..<end.upperBound) }
        return true
    }

    /// Reads so many bytes, or fewer if the client hangs up before.
    func readBody(_ count: Int) -> [UInt8] {
        while buffer.count < count { guard readMore() else { break } }
        defer { buffer.removeFirst(min(count, buffer.count)) }
        return Array(buffer.prefix(count))
    }

    /// Reads at most so many bytes after a moment.
    ///
    /// - Returns: how many there were; 0 when the client hung up.
    func readSome(_ count: Int) -> Int {
        pause(0.01)
        if !buffer.isEmpty {
            defer { buffer.removeFirst(min(count, buffer.count)) }
            return min(count, buffer.count)
        }
        var chunk = [UInt8](repeating: 0, count: count)
        return max(0, recv(descriptor, &chunk, count, 0))
    }

    func pause(_ seconds: Double) {
        Thread.sleep(forTimeInterval: seconds)
    }

    func write(_ text: String) {
        write([UInt8](text.utf8))
    }

    /// - Returns: `false` when the client is gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Sends nothing more until the client closes the connection.
    func waitForClient() {
        while readMore() {}
    }

    /// Ends the connection with RST instead of FIN.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(descriptor)
    }

    private func readMore() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer += chunk.prefix(count)
        return true
    }
}
