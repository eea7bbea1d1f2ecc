package import Clock
package import Logging

/// Keeps a provider's credentials and renews them before they expire, one renewal at a time.
///
/// The windows are botocore's. From 15 minutes before the expiry, one caller renews while the others use the old
/// credentials. From 10 minutes before it, all callers wait for the renewal. Credentials that live for less than half
/// an hour have windows of a half and a third of their life; else they would be renewed for every request.
package actor CachedCredentials: CredentialProvider {
    package nonisolated let name: String
    package nonisolated var chosenName: String { provider.chosenName }
    private let provider: any CredentialProvider
    private let runtime: Runtime
    private let logger: Logger
    private var cached: Credentials?
    private var renewal: Task<CredentialLookup, any Error>?

    /// How long the credentials were valid when they were fetched.
    private var lifetime = Duration.zero
    /// No early renewal is tried before this time.
    private var nextEarlyAttempt = Timestamp(milliseconds: .min)

    static let advisoryWindow = Duration.seconds(15 * 60)
    static let mandatoryWindow = Duration.seconds(10 * 60)
    /// The caller that renews waits for the result, so a renewal that fails is not tried for each call.
    static let pauseAfterFailure = Duration.seconds(60)

    package init(_ provider: any CredentialProvider, runtime: Runtime, logger: Logger) {
        name = provider.name
        self.provider = provider
        self.runtime = runtime
        self.logger = logger
    }

    /// - Throws: what the provider throws; ``AWSError/expiredCredentials(provider:)`` if its credentials have expired.
    package func lookUp() async throws -> CredentialLookup {
        guard let cached else { return try await renew() }
        switch need(of: cached) {
        case .none: return .found(cached)
        case .mandatory: return try await renew()
        case .advisory:
            if renewal != nil || runtime.now() < nextEarlyAttempt { return .found(cached) }
            do {
                return try await renew()
            } catch let error where !(error is CancellationError) {
                nextEarlyAttempt = runtime.now().advanced(by: Self.pauseAfterFailure)
                logger.warning(
                    "credentials could not be renewed early; the old ones are still used: \(error)",
                    metadata: ["event": "credentials_not_renewed"])
                return .found(cached)
            }
        }
    }

    /// Drops the credentials if they are the ones kept: another task may have renewed them meanwhile.
    package func invalidate(_ expired: Credentials) async {
        guard cached == expired else { return }
        cached = nil
        await provider.invalidate(expired)
    }

    private enum Need { case none, advisory, mandatory }

    private func need(of credentials: Credentials) -> Need {
        guard let expiration = credentials.expiration else { return .none }
        let left = runtime.now().duration(to: expiration)
        if left > min(Self.advisoryWindow, lifetime / 2) { return .none }
        return left > min(Self.mandatoryWindow, lifetime / 3) ? .advisory : .mandatory
    }

    /// Starts a renewal or joins the one that is under way.
    private func renew() async throws -> CredentialLookup {
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
                // Another caller was cancelled and its renewal with it; this caller still needs one.
                continue
            }
        }
    }

    private func fetch() async throws -> CredentialLookup {
        defer { renewal = nil }
        let lookup = try await provider.lookUp()
        guard case .found(let fresh) = lookup else { return lookup }
        if let expiration = fresh.expiration {
            let left = runtime.now().duration(to: expiration)
            guard left > .zero else { throw AWSError.expiredCredentials(provider: name) }
            lifetime = left
        }
        cached = fresh
        return lookup
    }
}
