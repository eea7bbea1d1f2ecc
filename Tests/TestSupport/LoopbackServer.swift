import FlyingFox
import FlyingSocks
import Foundation
import Threading

/// An HTTP server on loopback that answers with a closure. The only file that knows FlyingFox, whose names for requests
/// and answers are the same as ours.
public final class LoopbackServer: Sendable {
    public struct Request: Sendable {
        public let method: String
        /// Percent-encoded, as it came.
        public let path: String
        /// Percent-encoded, without the `?`; empty if there is none.
        public let query: String
        public let headers: [(name: String, value: String)]
        public let body: [UInt8]
        public let port: Int

        public init(
            method: String, path: String, query: String = "", headers: [(name: String, value: String)], body: [UInt8],
            port: Int
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.body = body
            self.port = port
        }

        public func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    public struct Answer: Sendable {
        public var status: Int
        public var headers: [String: String]
        public var body: [UInt8]

        public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// Tests that compute keep the shared threads busy for seconds, longer than a program under test waits for its
    /// service.
    private static let threads = WorkerThreads(count: 8)

    private let server: HTTPServer
    private let task: Task<Void, any Error>
    public let port: Int

    /// Starts to listen on a free port.
    public init(_ answer: @escaping @Sendable (Request) async throws -> Answer) async throws {
        let server = try HTTPServer(address: .inet(ip4: "127.0.0.1", port: 0), timeout: 60, logger: .disabled)
        await server.appendRoute("*") { request in
            let answer = try await answer(Self.request(request, port: Self.port(of: server)))
            var headers = HTTPHeaders()
            for (name, value) in answer.headers { headers[HTTPHeader(name)] = value }
            return HTTPResponse(
                statusCode: HTTPStatusCode(answer.status, phrase: "Answer"), headers: headers, body: Data(answer.body))
        }
        self.server = server
        task = Task(executorPreference: Self.threads) { try await server.run() }
        try await server.waitUntilListening(timeout: 120)
        port = await Self.port(of: server)
    }

    public var url: String { "http://127.0.0.1:\(port)" }

    public func stop() async {
        await server.stop()
        task.cancel()
        _ = await task.result
    }

    private static func port(of server: HTTPServer) async -> Int {
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): Int(port)
        default: 0
        }
    }

    private static func request(_ request: HTTPRequest, port: Int) async throws -> Request {
        var headers: [(name: String, value: String)] = []
        for (name, value) in request.headers { headers.append((name.rawValue, value)) }
        return Request(
            method: request.method.rawValue, path: request.target.path(), query: request.target.query(),
            headers: headers,
            body: Array(try await request.bodyData), port: port)
    }
}
