import Glibc
import Threading

/// A server on 127.0.0.1 that sends whatever a test wants, right or wrong.
///
/// Each connection has a thread of its own, which may block. Nothing is shared between connections.
package final class LoopbackServer: Sendable {
    package let port: Int
    private let listener: Listener
    private let connections = OpenConnections()

    /// The address as text.
    package var address: String { "http://127.0.0.1:\(port)" }

    /// How many connections were accepted so far.
    package var acceptedConnections: Int { connections.accepted }

    /// Hands each connection to `serve` and closes it when that returns.
    ///
    /// - Parameter port: 0 takes a free one.
    package init(port: Int = 0, _ serve: @escaping @Sendable (ServerConnection) -> Void) throws {
        let listening = try Self.listen(port: port)
        (listener, self.port) = (Listener(listening.descriptor), listening.port)
        _ = try DedicatedThread { [listener, port = self.port, connections] in
            while let descriptor = Self.accept(listening.descriptor) {
                connections.add(descriptor)
                Self.start {
                    let connection = ServerConnection(descriptor, port: port, of: connections)
                    serve(connection)
                    connection.close()
                }
            }
            listener.close()
        }
    }

    deinit { listener.shutDown() }

    /// Accepts no more connections, and ends those that are open.
    package func stop() {
        listener.shutDown()
        connections.shutDown()
    }

    /// A port of the loopback without a listener.
    package static func unusedPort() throws -> Int {
        let (listener, port) = try listen(port: 0)
        close(listener)
        return port
    }

    private static func start(_ work: @escaping @Sendable () -> Void) {
        do { _ = try DedicatedThread(work) } catch { fatalError("no thread for a connection: \(error)") }
    }

    /// - Returns: nil when the server has stopped.
    private static func accept(_ listener: Int32) -> Int32? {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            if descriptor >= 0 {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                var yes: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
                return descriptor
            }
            guard errno != EINVAL else { return nil }
            guard errno == EINTR || errno == ECONNABORTED else { fatalError("\(SystemFailure("accept"))") }
        }
    }

    private static func listen(port: Int) throws(SystemFailure) -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw SystemFailure("listening on 127.0.0.1:\(port)") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}

/// What a server listens on.
///
/// The thread that accepts closes it, perhaps before the server itself ends. The descriptor's number may then belong to
/// the server of another test, which a shutdown would end.
private final class Listener: Sendable {
    private let descriptor: Locked<Int32?>

    init(_ descriptor: Int32) { self.descriptor = Locked(descriptor) }

    /// Lets a thread that waits in `accept` return.
    func shutDown() {
        descriptor.withLock { if let open = $0 { shutdown(open, Int32(SHUT_RDWR)) } }
    }

    func close() {
        descriptor.withLock { descriptor in
            if let open = descriptor { Glibc.close(open) }
            descriptor = nil
        }
    }
}

/// The connections that a server has to end when it stops.
final class OpenConnections: Sendable {
    private struct State {
        var descriptors: Set<Int32> = []
        var accepted = 0
        var isStopped = false
    }

    private let state = Locked(State())

    var accepted: Int { state.withLock { $0.accepted } }

    func add(_ descriptor: Int32) {
        state.withLock { state in
            state.accepted += 1
            state.descriptors.insert(descriptor)
            if state.isStopped { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Under the lock, so that ``shutDown()`` never meets the number of another file.
    func close(_ descriptor: Int32) {
        state.withLock { state in
            if state.descriptors.remove(descriptor) != nil { Glibc.close(descriptor) }
        }
    }

    func shutDown() {
        state.withLock { state in
            state.isStopped = true
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }
}

/// A system call that failed.
package struct SystemFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ what: String, code: Int32 = errno) {
        description = "\(what): \(String(cString: strerror(code)))"
    }
}
