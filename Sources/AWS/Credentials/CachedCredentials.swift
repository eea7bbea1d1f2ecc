public import Logging

/// Keeps a provider's credentials and renews them before they expire, one renewal at a time.
///
/// The windows are botocore's: from 15 minutes before the end somebody tries to renew while the rest go on with what
/// they have; from 10 minutes before it everybody waits for the renewal.
public actor CachedCredentials: CredentialProvider {
    public nonisolated let name: String
    public nonisolated let absence: String
    private let provider: any CredentialProvider
    private let runtime: Runtime
    private let logger: Logger
    private var cached: Credentials?
    private var renewal: Task<Credentials?, any Error>?

    static let advisoryWindow = Duration.seconds(15 * 60)
    static let mandatoryWindow = Duration.seconds(10 * 60)

    public init(_ provider: any CredentialProvider, runtime: Runtime, logger: Logger) {
        name = provider.name
        absence = provider.absence
        self.provider = provider
        self.runtime = runtime
        self.logger = logger
    }

    /// - Throws: what the provider throws; ``AWSError/expiredCredentials(provider:)`` if what it gives has expired.
    public func credentials() async throws -> Credentials? {
        guard let cached else { return try await renew() }
        switch need(of: cached) {
        case .none: return cached
        case .mandatory: return try await renew()
        case .advisory:
            if renewal != nil { return cached }
            do {
                return try await renew()
            } catch let error where !(error is CancellationError) {
                logger.warning("credentials could not be renewed early; going on with the old ones: \(error)")
                return cached
            }
        }
    }

    /// Drops the credentials if they are the ones kept: somebody else may have renewed them meanwhile.
    public func invalidate(_ expired: Credentials) async {
        guard cached == expired else { return }
        cached = nil
        await provider.invalidate(expired)
    }

    private enum Need { case none, advisory, mandatory }

    private func need(of credentials: Credentials) -> Need {
        guard let expiration = credentials.expiration else { return .none }
        let left = runtime.now().duration(to: expiration)
        return left > Self.advisoryWindow ? .none : left > Self.mandatoryWindow ? .advisory : .mandatory
    }

    /// Starts a renewal or joins the one that is under way.
    private func renew() async throws -> Credentials? {
        while true {
            let task = renewal ?? Task { try await fetch() }
            renewal = task
            do {
                return try await withTaskCancellationHandler {
                    try await task.value
                } onCancel: {
                    task.cancel()
                }
            } catch is CancellationError where task.isCancelled && !Task.isCancelled {
                // Another caller gave up and took the renewal along; this one still wants it.
                continue
            }
        }
    }

    private func fetch() async throws -> Credentials? {
        defer { renewal = nil }
        let fresh = try await provider.credentials()
        if let expiration = fresh?.expiration, expiration <= runtime.now() {
            throw AWSError.expiredCredentials(provider: name)
        }
        cached = fresh
        return fresh
    }
}
