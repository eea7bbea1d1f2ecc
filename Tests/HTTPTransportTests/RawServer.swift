import Foundation
import HTTPTransport
import Synchronization

/// A server on 127.0.0.1 that sends the bytes of a test, right or wrong; one thread a connection.
final class RawServer: Sendable {
    private final class Counter: Sendable {
        let connections = Atomic<Int>(0)
    }

    let port: Int
    private let listener: Int32
    private let counter = Counter()

    /// How many connections were opened so far.
    var acceptedConnections: Int { counter.connections.load(ordering: .acquiring) }

    /// Hands each connection to `serve` and closes it when that returns.
    init(_ serve: @escaping @Sendable (ServerConnection) -> Void) throws {
        (listener, port) = try Self.listen()
        Thread.detachNewThread { [listener, counter] in
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
                counter.connections.add(1, ordering: .releasing)
                Thread.detachNewThread {
                    let connection = ServerConnection(descriptor)
                    serve(connection)
                    connection.close()
                }
            }
            close(listener)
        }
    }

    /// Answers each request on a connection that stays open.
    static func answering(_ answer: @escaping @Sendable (ReceivedRequest) -> [UInt8]) throws -> RawServer {
        try RawServer { connection in
            while let request = connection.readRequest() { connection.write(answer(request)) }
        }
    }

    /// Answers one request a connection with these bytes and closes it.
    static func sayingOnce(_ text: String) throws -> RawServer {
        try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write(text)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    func url(_ path: String = "/", query: String? = nil) -> HTTPURL {
        HTTPURL(scheme: .http, host: "127.0.0.1", port: port, path: path, query: query)
    }

    /// A port of the loopback without a listener.
    static func unusedPort() throws -> Int {
        let (listener, port) = try listen()
        close(listener)
        return port
    }

    private static func listen() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}

extension RawServer {
    /// A complete answer with `Content-Length`.
    static func answer(_ status: String = "200 OK", _ fields: [String] = [], body: String = "") -> [UInt8] {
        answer(status, fields, body: [UInt8](body.utf8))
    }

    static func answer(_ status: String = "200 OK", _ fields: [String] = [], body: [UInt8]) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.count)", "", ""]
        return [UInt8](lines.joined(separator: "\r\n").utf8) + body
    }
}
