public import Logging

/// Asks providers in order and takes the first credentials.
public struct CredentialChain: CredentialProvider {
    public let name = "credential chain"
    private let providers: [any CredentialProvider]
    private let logger: Logger

    public init(_ providers: [any CredentialProvider], logger: Logger) {
        self.providers = providers
        self.logger = logger
    }

    /// - Throws: ``AWSError/noCredentials(_:)`` with what every provider said, or the error of a provider that is
    ///   configured and does not work.
    public func credentials() async throws -> Credentials? {
        var attempts: [CredentialAttempt] = []
        for provider in providers {
            if let credentials = try await provider.credentials() {
                logger.debug("credentials found", metadata: ["provider": "\(provider.name)"])
                return credentials
            }
            attempts.append(CredentialAttempt(provider: provider.name, outcome: provider.absence))
        }
        throw AWSError.noCredentials(attempts)
    }

    public func invalidate(_ expired: Credentials) async {
        for provider in providers { await provider.invalidate(expired) }
    }
}

extension CredentialChain {
    /// The chain of this program, in botocore's order as far as it goes.
    ///
    /// - Parameter explicit: keys from the configuration, which come before everything.
    public static func standard(
        explicit: Credentials?, settings: AWSSettings, files: SharedConfigFiles, logger: Logger
    ) -> CredentialChain {
        var providers: [any CredentialProvider] = [ExplicitCredentials(explicit)]
        // As in botocore: who names a profile on the command line does not mean the environment's keys.
        if !settings.isProfileExplicit { providers.append(EnvironmentCredentials(settings.environment)) }
        providers.append(SharedFileCredentials(files, profile: settings.profileName))
        return CredentialChain(providers, logger: logger)
    }
}
