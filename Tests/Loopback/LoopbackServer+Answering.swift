import Dispatch
import Threading

extension LoopbackServer {
    /// What a request is answered with.
    package struct Answer: Sendable {
        package var status: Int
        package var headers: [String: String]
        package var body: [UInt8]

        package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// As it goes over the wire. An answer to HEAD has no body, but may say how long it would be.
        fileprivate func bytes(to method: String) -> [UInt8] {
            var lines = ["HTTP/1.1 \(status) Answer"] + headers.map { "\($0.key): \($0.value)" }
            if !headers.keys.contains(where: { $0.lowercased() == "content-length" }) {
                lines.append("Content-Length: \(body.count)")
            }
            let head = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
            return method == "HEAD" ? head : head + body
        }
    }

    /// Tests that compute keep the shared threads busy for seconds, longer than a program under test waits for its
    /// service.
    private static let threads = WorkerThreads(count: 8)

    /// Answers each request on a connection that stays open. An error becomes the status 500.
    package static func answering(
        _ answer: @escaping @Sendable (Request) async throws -> Answer
    ) throws -> LoopbackServer {
        try LoopbackServer { connection in
            while let request = connection.readRequest(consents: true) {
                let bytes = wait { try await answer(request) }.bytes(to: request.method)
                guard connection.write(bytes), request.header("Connection")?.lowercased() != "close" else { return }
            }
        }
    }

    /// Sends these bytes to each request on a connection that stays open.
    package static func sending(_ answer: @escaping @Sendable (Request) -> [UInt8]) throws -> LoopbackServer {
        try LoopbackServer { connection in
            while let request = connection.readRequest() { connection.write(answer(request)) }
        }
    }

    /// Sends these bytes to one request a connection, and closes it.
    package static func sendingOnce(_ text: String) throws -> LoopbackServer {
        try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write(text)
        }
    }

    /// A complete answer with `Content-Length`.
    package static func bytes(_ status: String = "200 OK", _ fields: [String] = [], body: String = "") -> [UInt8] {
        bytes(status, fields, body: Array(body.utf8))
    }

    /// A complete answer with `Content-Length`.
    package static func bytes(_ status: String = "200 OK", _ fields: [String] = [], body: [UInt8]) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.count)", "", ""]
        return Array(lines.joined(separator: "\r\n").utf8) + body
    }

    /// Blocks the thread of a connection until a task has the answer.
    private static func wait(_ makeAnswer: @escaping @Sendable () async throws -> Answer) -> Answer {
        let result = Locked(Answer(status: 500))
        let isDone = DispatchSemaphore(value: 0)
        Task(executorPreference: threads) {
            do {
                let answer = try await makeAnswer()
                result.withLock { $0 = answer }
            } catch {
                result.withLock { $0.body = Array("\(error)".utf8) }
            }
            isDone.signal()
        }
        isDone.wait()
        return result.withLock { $0 }
    }
}
