import HTTPTransport
import Logging
import Locking

/// Signs requests, sends them, and repeats those that fail for a while. The part that all protocols of AWS share; what
/// a request and an error look like is the affair of ``AWSJSONClient`` and its like.
///
/// Every attempt is signed anew with the credentials and the time of that moment.
struct AWSClient: Sendable {
    private let signer: SigV4
    private let credentials: any CredentialProvider
    private let transport: any HTTPTransport
    private let retry: RetryPolicy
    private let runtime: Runtime
    private let logger: Logger
    private let memory = Memory()

    /// What calls learn for the calls after them.
    private final class Memory: Sendable {
        let quota = RetryQuota()
        /// What this machine's clock lacks to the service's.
        let clockSkew = Locked(Duration.zero)
    }

    init(
        signer: SigV4, credentials: any CredentialProvider, transport: any HTTPTransport, retry: RetryPolicy,
        runtime: Runtime, logger: Logger
    ) {
        self.signer = signer
        self.credentials = credentials
        self.transport = transport
        self.retry = retry
        self.runtime = runtime
        self.logger = logger
    }

    /// Reads an answer that is an error.
    typealias ErrorReader = (_ response: HTTPResponse, _ redactor: Redactor) -> AWSServiceError

    /// Sends a request until it is answered or retries are used up.
    ///
    /// - Parameter decode: makes the result of an answer with a 2xx status. An answer that it throws at is repeated
    ///   like a lost one, since proxies answer in the service's name; the last time its error is passed on.
    func send<Answer>(
        _ request: HTTPRequest, operation: String, readError: ErrorReader,
        decode: (HTTPResponse) throws -> Answer
    ) async throws -> Answer {
        var call = AWSCall(operation: operation)
        while true {
            call.attempt += 1
            do {
                let answer = try await attempt(request, call, readError, decode)
                memory.quota.release(call.lastCost ?? RetryQuota.rewardForSuccess)
                return answer
            } catch let failure as AttemptFailure {
                try await recover(from: failure, &call)
            }
        }
    }

    private func attempt<Answer>(
        _ request: HTTPRequest, _ call: AWSCall, _ readError: ErrorReader, _ decode: (HTTPResponse) throws -> Answer
    ) async throws -> Answer {
        try Task.checkCancellation()
        guard let credentials = try await credentials.credentials() else {
            throw AWSError.noCredentials([
                CredentialAttempt(provider: self.credentials.name, outcome: self.credentials.absence)
            ])
        }
        var request = request
        request.headers["amz-sdk-invocation-id"] = call.invocationID
        request.headers["amz-sdk-request"] = "attempt=\(call.attempt); max=\(retry.maxAttempts)"
        signer.sign(&request, with: credentials, at: runtime.now().advanced(by: memory.clockSkew.withLock { $0 }))

        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch let error as HTTPTransportError {
            throw AttemptFailure.transport(error)
        }
        guard (200..<300).contains(response.status) else {
            throw AttemptFailure.service(readError(response, Redactor(credentials, request)), response, credentials)
        }
        do {
            return try decode(response)
        } catch let fault as any AnswerFault where fault.isFinal {
            throw fault
        } catch let error where !(error is CancellationError) {
            throw AttemptFailure.undecodable(error, status: response.status)
        }
    }
}

// MARK: - After a failure

extension AWSClient {
    /// Returns when it is time for another attempt; throws when there is none.
    private func recover(from failure: AttemptFailure, _ call: inout AWSCall) async throws {
        var metadata = failure.metadata
        metadata["operation"] = "\(call.operation)"
        metadata["attempt"] = "\(call.attempt)"
        guard case .retry(let wait) = try await decision(after: failure, &call) else {
            logger.debug("request failed", metadata: metadata)
            throw failure.error(in: call)
        }
        metadata["wait_seconds"] = "\(wait.inSeconds)"
        logger.warning("\(failure.plan)", metadata: metadata)
        try Task.checkCancellation()
        if wait > .zero { try await runtime.sleep(wait) }
    }

    private func decision(
        after failure: AttemptFailure, _ call: inout AWSCall
    ) async throws -> RetryPolicy.Decision {
        guard call.attempt < retry.maxAttempts else { return .stop }
        if let cause = failure.cause {
            let decision = retry.decision(
                after: cause, attempt: call.attempt, random: runtime.random(), retryAfter: failure.retryAfter)
            guard decision != .stop, memory.quota.acquire(cause.cost) else { return .stop }
            call.lastCost = cause.cost
            return decision
        }
        guard case .service(let error, let response, let used) = failure else { return .stop }
        switch error.kind {
        case .expiredCredentials where !call.hasRenewedCredentials:
            call.hasRenewedCredentials = true
            return try await canReplace(used) ? .retry(after: .zero) : .stop
        case .clockSkew where !call.hasCorrectedClock:
            call.hasCorrectedClock = true
            return correctClock(by: response) ? .retry(after: .zero) : .stop
        default: return .stop
        }
    }

    /// Whether the provider has other credentials than those that the service takes for expired.
    private func canReplace(_ expired: Credentials) async throws -> Bool {
        await credentials.invalidate(expired)
        return try await credentials.credentials() != expired
    }

    private func correctClock(by response: HTTPResponse) -> Bool {
        guard let date = response.headers["Date"].flatMap({ Timestamp(httpDate: $0) }) else { return false }
        let skew = runtime.now().duration(to: date)
        memory.clockSkew.withLock { $0 = skew }
        logger.warning(
            "this machine's clock differs from the service's; signing with the service's time",
            metadata: ["clock_skew_seconds": "\(skew.inSeconds)"])
        return true
    }
}
