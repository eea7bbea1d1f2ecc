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
