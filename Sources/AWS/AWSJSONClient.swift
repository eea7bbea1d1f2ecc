package import Clock
package import HTTPTransport
package import JSON
package import Logging

/// An error of decoding an answer. It knows whether another request can help.
package protocol AnswerFault: Error {
    /// The same request would get the same answer.
    var isFinal: Bool { get }
}

/// Calls operations of a service that speaks AWS JSON 1.1: `POST /`, the operation in `X-Amz-Target`, one JSON object
/// there and one back.
package struct AWSJSONClient: Sendable {
    private let targetPrefix: String
    private let endpoint: Endpoint
    private let client: AWSClient

    /// - Parameter targetPrefix: what stands before the operation: `AmazonAthena`.
    package init(
        service: AWSService, targetPrefix: String, endpoint: Endpoint, credentials: any CredentialProvider,
        transport: any HTTPTransport, retry: RetryPolicy = .standard, runtime: Runtime = .system, logger: Logger
    ) {
        self.targetPrefix = targetPrefix
        self.endpoint = endpoint
        client = AWSClient(
            signing: .signed(SigV4(service: service.signingName, region: endpoint.signingRegion), credentials),
            transport: transport, retry: retry, runtime: runtime, logger: logger)
    }

    /// Calls an operation and hands its answer to `decode`, which makes the result.
    ///
    /// - Parameters:
    ///   - body: the operation's input, an object.
    ///   - isRepeated: whether an attempt that fails is followed by others; `false` for what is not worth a wait.
    ///   - onBody: sees each attempt's answer while it arrives; see ``HTTPRequest/onBody``.
    ///   - decode: what it throws counts as a failed attempt, as if no answer had come, unless it is an
    ///     ``AnswerFault`` that says it is final; after the last attempt it is passed on as it is.
    /// - Throws: ``AWSError``; `CancellationError`; whatever `decode` or a transport of another kind throws.
    package func call<Answer>(
        _ operation: String, _ body: JSONValue, limits: HTTPLimits = .standard, isRepeated: Bool = true,
        onBody: (@Sendable (Span<UInt8>) -> Bool)? = nil, decode: (consuming HTTPResponse) throws -> Answer
    ) async throws -> Answer {
        var request = HTTPRequest(
            method: "POST", url: endpoint.url,
            headers: ["Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "\(targetPrefix).\(operation)"],
            body: body.serialized(pretty: false), limits: limits)
        request.onBody = onBody
        return try await client.send(request, operation: operation, isRepeated: isRepeated) { response, redactor in
            AWSServiceError(json: response, operation: operation, redactor: redactor)
        } decode: {
            try decode($0)
        }
    }

    /// Calls an operation and hands its answer back as it came.
    package func call(
        _ operation: String, _ body: JSONValue, limits: HTTPLimits = .standard
    ) async throws -> HTTPResponse {
        try await call(operation, body, limits: limits) { $0 }
    }
}
