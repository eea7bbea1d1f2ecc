import HTTPTransport
import Threading

/// Counts requests on their way to a transport, and which of them were sent before.
final class RequestCounter: HTTPTransport {
    struct Counts {
        var requests = 0
        /// Of those, attempts after the first.
        var retries = 0
    }

    private let transport: any HTTPTransport
    private let state = Locked(Counts())

    init(around transport: any HTTPTransport) {
        self.transport = transport
    }

    var counts: Counts { state.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        // What every SDK of AWS sends: `attempt=2; max=10`.
        let isFirst = request.headers["amz-sdk-request"]?.hasPrefix("attempt=1;") ?? true
        state.withLock { counts in
            counts.requests += 1
            if !isFirst { counts.retries += 1 }
        }
        return try await transport.send(request)
    }
}
