package import Clock
package import HTTPTransport
package import Logging

/// What the providers share: settings, transports, time.
package struct CredentialContext: Sendable {
    let settings: AWSSettings
    let files: SharedConfigFiles
    /// To STS and the sign-in service.
    let transport: any HTTPTransport
    /// To the credential endpoints of a container or an instance.
    let directTransport: any HTTPTransport
    let retry: RetryPolicy
    let runtime: Runtime
    let logger: Logger

    /// - Parameters:
    ///   - files: what `settings` were read from; keys are read from them again at every lookup.
    ///   - directTransport: uses no proxy, whatever the environment says: its endpoints are on this machine or next to
    ///     it, and a proxy would see the credentials.
    package init(
        settings: AWSSettings, files: SharedConfigFiles, transport: any HTTPTransport,
        directTransport: any HTTPTransport, retry: RetryPolicy = .standard, runtime: Runtime = .system, logger: Logger
    ) {
        self.settings = settings
        self.files = files
        self.transport = transport
        self.directTransport = directTransport
        self.retry = retry
        self.runtime = runtime
        self.logger = logger
    }

    func profile(_ name: ProfileName) throws(AWSError) -> Profile {
        try settings.sharedConfig.profile(name) ?? Profile()
    }

    func client(_ signing: AWSClient.Signing) -> AWSClient {
        AWSClient(signing: signing, transport: transport, retry: retry, runtime: runtime, logger: logger)
    }

    /// Adds the provider's name to any error on the way to its credentials, so that an answer of STS is not mistaken
    /// for one of the service that the credentials are for.
    func named<Answer>(_ provider: String, _ call: () async throws -> Answer) async throws -> Answer {
        do {
            return try await call()
        } catch let error as AWSError {
            switch error {
            case .configuration, .noRegion, .noCredentials, .provider: throw error
            default: throw AWSError.provider(ProviderFault(provider: provider, error))
            }
        } catch let error as any CredentialAnswerFault {
            throw AWSError.provider(
                ProviderFault(
                    provider: provider, problem: "its answer is invalid: \(error); run the same command again later",
                    isTemporary: true))
        }
    }
}

/// The error of decoding an answer with credentials. It never quotes the answer.
protocol CredentialAnswerFault: Error, CustomStringConvertible {}

extension XMLFault: CredentialAnswerFault {}
extension CredentialsFault: CredentialAnswerFault {}
