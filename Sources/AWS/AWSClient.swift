import Clock
import HTTPTransport
import Logging
import Threading

/// Signs requests, sends them, and repeats those that fail for a while: the part that all protocols of AWS share.
/// ``AWSJSONClient`` and the other clients add the form of requests and errors.
///
/// Every attempt is signed again, with the credentials and the time of that moment.
struct AWSClient: Sendable {
    private let signing: Signing
    private let transport: any HTTPTransport
    private let retry: RetryPolicy
    private let runtime: Runtime
    private let logger: Logger
    private let memory: Memory

    /// Shared by all calls of this client: the retry quota and the measured clock skew.
    private final class Memory: Sendable {
        let quota: RetryQuota
        /// Offset to add to the local clock to get the service's time.
        let clockSkew = Locked(Duration.zero)

        init(quota: RetryQuota) { self.quota = quota }
    }

    /// Whether requests are signed.
    enum Signing: Sendable {
        case signed(SigV4, any CredentialProvider)
        /// Not signed: the request's body or path proves the permission.
        case unsigned
    }

    /// - Parameter callsAtATime: how many calls may meet the same outage. The quota is that of so many.
    init(
        signing: Signing, transport: any HTTPTransport, retry: RetryPolicy, callsAtATime: Int = 1, runtime: Runtime,
        logger: Logger
    ) {
        memory = Memory(quota: RetryQuota(capacity: RetryQuota.standardCapacity * callsAtATime))
        self.signing = signing
        self.transport = transport
        self.retry = retry
        self.runtime = runtime
        self.logger = logger
    }

    /// Reads an answer that is an error.
    typealias ErrorReader = (_ response: HTTPResponse, _ redactor: Redactor) -> AWSServiceError

    /// Sends a request until it is answered or retries are used up.
    ///
    /// - Parameters:
    ///   - isRepeated: whether an attempt that fails is followed by others.
    ///   - secrets: what the request carries besides its signature and no message may repeat.
    ///   - isError: whether an answer is the service's error.
    ///   - decode: makes the result of an answer that is no error. An answer that it throws at is repeated like a lost
    ///     one, since proxies answer in the service's name; the last time its error is passed on.
    func send<Answer>(
        _ request: HTTPRequest, operation: String, isRepeated: Bool = true, secrets: [String] = [],
        isError: (HTTPResponse) -> Bool = { !$0.isSuccess }, readError: ErrorReader,
        decode: (consuming HTTPResponse) throws -> Answer
    ) async throws -> Answer {
        var call = AWSCall(operation: operation, maxAttempts: isRepeated ? retry.maxAttempts : 1)
        while true {
            call.attempt += 1
            do {
                let answer = try await attempt(request, call, secrets, isError, readError, decode)
                memory.quota.release(call.lastCost ?? RetryQuota.rewardForSuccess)
                return answer
            } catch let failure as AttemptFailure {
                try await recover(from: failure, &call)
            }
        }
    }

    private func attempt<Answer>(
        _ request: HTTPRequest, _ call: AWSCall, _ secrets: [String], _ isError: (HTTPResponse) -> Bool,
        _ readError: ErrorReader, _ decode: (consuming HTTPResponse) throws -> Answer
    ) async throws -> Answer {
        try Task.checkCancellation()
        var request = request
        request.headers["amz-sdk-invocation-id"] = call.invocationID
        request.headers["amz-sdk-request"] = "attempt=\(call.attempt); max=\(call.maxAttempts)"
        let credentials = try await sign(&request, call)
        request.secrets = Redactor.secrets(of: credentials, request, secrets)

        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch let error as HTTPTransportError {
            throw AttemptFailure.transport(error)
        }
        guard !isError(response) else {
            throw AttemptFailure.service(
                readError(response, Redactor(request.secrets)), response, credentials)
        }
        let status = response.status
        do {
            return try decode(consume response)
        } catch let fault as any AnswerFault where fault.isFinal {
            throw fault
        } catch let error where !(error is CancellationError) {
            throw AttemptFailure.undecodable(error, status: status)
        }
    }

    /// - Returns: what it was signed with; nil if it was not.
    private func sign(_ request: inout HTTPRequest, _ call: AWSCall) async throws -> Credentials? {
        guard case .signed(let signer, let provider) = signing else { return nil }
        let credentials = try await credentials(of: provider, for: call)
        signer.sign(&request, with: credentials, at: runtime.now().advanced(by: memory.clockSkew.withLock { $0 }))
        return credentials
    }
}

// MARK: - After a failure

extension AWSClient {
    /// Returns when it is time for another attempt; throws when there is none.
    private func recover(from failure: AttemptFailure, _ call: inout AWSCall) async throws {
        var metadata = failure.metadata
        metadata["operation"] = "\(call.operation)"
        metadata["attempt"] = .stringConvertible(call.attempt)
        guard case .retry(let wait) = try await decision(after: failure, &call) else {
            metadata["event"] = "request_failed"
            logger.debug("request failed", metadata: metadata)
            throw failure.error(in: call)
        }
        metadata["event"] = "request_retried"
        metadata["wait_seconds"] = .stringConvertible(wait.inSeconds)
        logger.warning("\(failure.plan)", metadata: metadata)
        try Task.checkCancellation()
        if wait > .zero { try await runtime.sleep(wait) }
    }

    private func decision(
        after failure: AttemptFailure, _ call: inout AWSCall
    ) async throws -> RetryPolicy.Decision {
        let isInQueue = failure.cause == .concurrentQueryLimit && retry.queuePatience != nil
        guard isInQueue || call.attempt - call.attemptsInQueue < call.maxAttempts else { return .stop }
        if let cause = failure.cause {
            let decision = retry.decision(
                after: cause, attempt: isInQueue ? call.attemptsInQueue + 1 : call.attempt - call.attemptsInQueue,
                random: runtime.random(), retryAfter: failure.retryAfter, waited: call.waitedInQueue)
            guard case .retry(let wait) = decision, memory.quota.acquire(cause.cost) else { return .stop }
            if isInQueue {
                call.attemptsInQueue += 1
                call.waitedInQueue += wait
            }
            call.lastCost = cause.cost
            return decision
        }
        guard case .service(let error, let response, let used) = failure else { return .stop }
        switch error.kind {
        case .expiredCredentials where !call.hasRenewedCredentials:
            call.hasRenewedCredentials = true
            return try await canReplace(used, call) ? .retry(after: .zero) : .stop
        case .clockSkew where !call.hasCorrectedClock:
            call.hasCorrectedClock = true
            return correctClock(by: response) ? .retry(after: .zero) : .stop
        default: return .stop
        }
    }

    /// Whether the provider has other credentials than those that the service calls expired.
    private func canReplace(_ expired: Credentials?, _ call: AWSCall) async throws -> Bool {
        guard case .signed(_, let provider) = signing, let expired else { return false }
        await provider.invalidate(expired)
        return try await credentials(of: provider, for: call) != expired
    }

    private func credentials(of provider: any CredentialProvider, for call: AWSCall) async throws -> Credentials {
        do {
            return try await provider.credentials()
        } catch let error as AWSError where call.attempt > 1 {
            // This error differs from that of a call that was never sent: earlier attempts may have reached the
            // service.
            throw AWSError.provider(ProviderFault(provider: provider.name, error))
        }
    }

    private func correctClock(by response: HTTPResponse) -> Bool {
        guard let date = response.headers["Date"].flatMap({ Timestamp(httpDate: $0) }) else { return false }
        let skew = runtime.now().duration(to: date)
        memory.clockSkew.withLock { $0 = skew }
        logger.warning(
            "this machine's clock differs from the service's; signing with the service's time",
            metadata: ["event": "clock_corrected", "clock_skew_seconds": .stringConvertible(skew.inSeconds)])
        return true
    }
}
