import Glibc

/// Athena and S3 on one port of the loopback: one blocking thread a connection, nothing shared between them but the
/// result, which never changes.
final class Server: Sendable {
    let port: Int
    private let listener: Int32
    private let service: Service

    init(_ service: Service, port: Int) throws(SystemFailure) {
        self.service = service
        // A client that closes its connection during sendfile would end the server.
        signal(SIGPIPE, SIG_IGN)
        (listener, self.port) = try Self.listen(port: port)
    }

    /// Accepts connections until the process ends.
    func run() throws(SystemFailure) -> Never {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 {
                guard errno == EINTR || errno == ECONNABORTED else { throw SystemFailure("accept") }
                continue
            }
            var yes: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            startThread { [service] in
                var connection = Connection(descriptor)
                while let request = connection.readRequest(), service.answer(request, on: &connection) {}
                close(descriptor)
            }
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

/// Runs a body on a thread of its own, where it may block.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Body(body)).toOpaque()
    let status = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, argument)
    precondition(status == 0, "no thread can be started: \(String(cString: strerror(status)))")
    pthread_detach(thread)
}

/// A system call that failed.
struct SystemFailure: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, code: Int32 = errno) {
        description = "\(what): \(String(cString: strerror(code)))"
    }
}
