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
    private let state = Locked(Counts())

    init(around transport: any HTTPTransport) {
        self.transport = transport
    }

    var counts: Counts { state.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        // The header of every AWS SDK: `attempt=2; max=10`.
        let isFirst = request.headers["amz-sdk-request"]?.hasPrefix("attempt=1;") ?? true
        state.withLock { counts in
            counts.requests += 1
            if !isFirst { counts.retries += 1 }
        }
        return try await transport.send(request)
    }
}
