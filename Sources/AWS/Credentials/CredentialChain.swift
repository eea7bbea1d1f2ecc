package import Logging
import Threading

/// Tries providers in order, takes the first credentials, and stays with that provider.
///
/// So a run keeps the identity that it began with, even if a file changes meanwhile.
package struct CredentialChain: CredentialProvider {
    package let name: String
    package var chosenName: String { memory.chosen.withLock { $0 }.map { providers[$0].chosenName } ?? name }
    private let providers: [any CredentialProvider]
    private let logger: Logger
    private let level: Logger.Level
    private let memory = Memory()

    private final class Memory: Sendable {
        /// The index of the provider that had credentials.
        let chosen = Locked<Int?>(nil)
    }

    /// - Parameter level: log level of the choice, which is logged once.
    package init(
        _ providers: [any CredentialProvider], name: String = "credential chain", level: Logger.Level = .info,
        logger: Logger
    ) {
        self.name = name
        self.providers = providers
        self.logger = logger
        self.level = level
    }

    /// - Throws: ``AWSError/noCredentials(_:)`` with the answer of every provider, or the error of a provider that is
    ///   configured and does not work.
    package func lookUp() async throws -> CredentialLookup {
        if let chosen = memory.chosen.withLock({ $0 }) { return .found(try await credentials(of: providers[chosen])) }
        var attempts: [CredentialAttempt] = []
        for (index, provider) in providers.enumerated() {
            switch try await provider.lookUp() {
            case .found(let credentials):
                memory.chosen.withLock { $0 = index }
                logger.log(
                    level: level, "credentials found",
                    metadata: ["event": "credentials_found", "provider": "\(provider.name)"])
                return .found(credentials)
            case .absent(let reason):
                attempts.append(CredentialAttempt(provider: provider.name, outcome: reason))
            }
        }
        throw AWSError.noCredentials(attempts)
    }

    /// The provider had credentials before, so their absence may be temporary.
    private func credentials(of provider: any CredentialProvider) async throws -> Credentials {
        switch try await provider.lookUp() {
        case .found(let credentials): return credentials
        case .absent(let reason):
            throw AWSError.provider(
                ProviderFault(
                    provider: provider.name,
                    problem: "\(reason), although it had some before; run the same command again", isTemporary: true))
        }
    }

    package func invalidate(_ expired: Credentials) async {
        for provider in providers { await provider.invalidate(expired) }
    }
}
