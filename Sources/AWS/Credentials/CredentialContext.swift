public import HTTPTransport
public import Logging

/// What providers work with.
public struct CredentialContext: Sendable {
    let settings: AWSSettings
    let files: SharedConfigFiles
    /// To STS and the sign-in service.
    let transport: any HTTPTransport
    /// To the endpoints beside a container or an instance.
    let directTransport: any HTTPTransport
    let retry: RetryPolicy
    let runtime: Runtime
    let logger: Logger

    /// - Parameters:
    ///   - files: what `settings` were read from; keys are read from them again at every lookup.
    ///   - directTransport: goes through no proxy, whatever the environment says: the endpoints that it is for are on
    ///     this machine or next to it, and what they say is for nobody else.
    public init(
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

    /// Names the provider in whatever goes wrong on the way to its credentials, so that an answer of STS is not taken
    /// for one of the service that is called with them.
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
                    provider: provider, problem: "its answer is none: \(error); run the same command again later",
                    isTemporary: true))
        }
    }
}

/// What reading an answer with credentials throws. None of it quotes the answer.
protocol CredentialAnswerFault: Error, CustomStringConvertible {}

extension XMLFault: CredentialAnswerFault {}
extension CredentialsFault: CredentialAnswerFault {}
