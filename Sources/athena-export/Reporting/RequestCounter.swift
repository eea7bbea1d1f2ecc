import HTTPTransport
import Threading

/// Counts requests on their way to a transport, and how many of them are retries.
final class RequestCounter: HTTPTransport {
    struct Counts {
        var requests = 0
        /// Attempts after the first, included in the requests.
        var retries = 0
    }

    private let transport: any HTTPTransport
    /// By the table whose task sends; nil where there is one table only.
    private let state = Locked<[String?: Counts]>([:])

    init(around transport: any HTTPTransport) {
        self.transport = transport
    }

    /// - Parameter table: of several; nil where there is one only.
    func counts(of table: String? = nil) -> Counts { state.withLock { $0[table] ?? Counts() } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        // The header of every AWS SDK: `attempt=2; max=10`.
        let isFirst = request.headers["amz-sdk-request"]?.hasPrefix("attempt=1;") ?? true
        let table = LogContext.table
        state.withLock { counts in
            counts[table, default: Counts()].requests += 1
            if !isFirst { counts[table, default: Counts()].retries += 1 }
        }
        return try await transport.send(request)
    }
}
