public import HTTPTransport

/// What can go wrong between this program and AWS.
public enum AWSError: Error, Sendable, Equatable {
    /// The service answered with an error, the last time after so many attempts.
    case service(AWSServiceError, attempts: Int)
    /// No whole answer arrived.
    case transport(operation: String, HTTPTransportError, attempts: Int)
    /// A whole answer that is not the one that was asked for.
    case untrustedAnswer(operation: String, problem: String)
    /// Nobody had credentials: who was asked, and what was missing there.
    case noCredentials([CredentialAttempt])
    /// A provider is configured and gives none.
    case provider(ProviderFault)
    /// A provider gave credentials that are past their expiration.
    case expiredCredentials(provider: String)
    case noRegion
    case configuration(ConfigurationFault)

    /// What the error means for the program as a whole.
    public enum Category: Sendable {
        /// The same call may work later: retries are used up.
        case temporary
        /// Credentials are missing, expired or refused, or may not do this.
        case credentials
        /// Something that somebody configured is wrong.
        case configuration
        /// The service understood the request and will not carry it out.
        case refused
        /// The answer is larger than any right one, or another one than was asked for.
        case untrustedAnswer
    }

    public var category: Category {
        switch self {
        case .service(let error, _):
            switch error.kind {
            case .throttling, .concurrentQueryLimit, .transient: .temporary
            case .expiredCredentials, .credentialsRefused, .clockSkew: .credentials
            case .refused: .refused
            }
        case .transport(_, let error, _):
            switch error {
            case .bodyTooLarge, .headersTooLarge: .untrustedAnswer
            case .noThread: .temporary
            case .refusedByProxy(_, .needsCredentials, _), .refusedByProxy(_, .forbidsHost, _): .credentials
            default: error.isTransient ? .temporary : .configuration
            }
        case .untrustedAnswer: .untrustedAnswer
        case .provider(let fault): fault.isTemporary ? .temporary : .credentials
        case .noCredentials, .expiredCredentials: .credentials
        case .noRegion, .configuration: .configuration
        }
    }

    /// The service's own words, where it is the service that speaks.
    public var serviceMessage: String {
        if case .service(let error, _) = self { error.message } else { description }
    }
}

/// A place where credentials were to come from and did not: which, and what went wrong there. Never a secret.
public struct ProviderFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// As the provider calls itself.
    public let provider: String
    /// What went wrong, and what to do about it.
    public let problem: String
    /// Whether the same attempt may work later.
    public let isTemporary: Bool

    public init(provider: String, problem: String, isTemporary: Bool = false) {
        self.provider = provider
        self.problem = problem
        self.isTemporary = isTemporary
    }

    public var description: String { "no credentials from \(provider): \(problem)" }
}

/// A setting that is wrong: where it stands, and what is wrong with it. Never its value, if that could be a secret.
public struct ConfigurationFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file with its line, a variable, an option.
    public let source: String
    public let problem: String

    public init(source: String, problem: String) {
        self.source = source
        self.problem = problem
    }

    public var description: String { "\(source): \(problem)" }
}

extension AWSError: CustomStringConvertible {
    /// One line: operation, cause, next step.
    public var description: String {
        switch self {
        case .service(let error, let attempts): "\(error)\(Self.after(attempts)); \(error.advice)"
        case .transport(let operation, let error, let attempts):
            "\(operation): \(error)\(Self.after(attempts)); \(Self.advice(error))"
        case .untrustedAnswer(let operation, let problem):
            "\(operation): \(problem); check what stands between this program and AWS"
        case .noCredentials: "no AWS credentials (\(details.joined(separator: "; "))); \(Self.credentialsAdvice)"
        case .provider(let fault): "\(fault)"
        case .expiredCredentials(let provider):
            "the credentials from \(provider) have expired; renew them and run the same command again"
        case .noRegion: "no AWS region; set --region, AWS_REGION or the profile's region"
        case .configuration(let fault): "\(fault)"
        }
    }

    /// What each place that may have credentials has answered; empty for other errors.
    public var details: [String] {
        if case .noCredentials(let attempts) = self { attempts.map(\.description) } else { [] }
    }

    /// The error without its ``details``, on one line.
    public var summary: String {
        if case .noCredentials = self { "no AWS credentials; \(Self.credentialsAdvice)" } else { description }
    }

    private static let credentialsAdvice = "set the environment's keys or configure a profile"

    private static func after(_ attempts: Int) -> String { attempts == 1 ? "" : " after \(attempts) attempts" }

    fileprivate static let proxyAdvice = "set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT, with those that it takes"

    private static func advice(_ error: HTTPTransportError) -> String {
        switch error {
        case .certificateRejected: "trust its issuer with AWS_CA_BUNDLE if it is yours"
        case .caBundleUnreadable: "correct AWS_CA_BUNDLE"
        case .noThread: "raise the limit of processes (ulimit -u) and run the same command again"
        case .refusedByProxy(_, .needsCredentials, _): proxyAdvice
        case .refusedByProxy(_, .forbidsHost, _): "let the proxy allow this host, or name the host in NO_PROXY"
        default: error.isTransient ? "run the same command again later" : "check the endpoint and the limits"
        }
    }
}

extension AWSServiceError {
    /// Only a proxy answers with 407. Without a tunnel its answer stands where the service's would.
    fileprivate var advice: String {
        httpStatus == 407 ? "a proxy asks for a user and a password; \(AWSError.proxyAdvice)" : kind.advice
    }
}

extension AWSServiceError.Kind {
    fileprivate var advice: String {
        switch self {
        case .throttling, .transient: "run the same command again later"
        case .concurrentQueryLimit: "the account's queue of queries is full; run the same command again later"
        case .expiredCredentials: "renew the credentials and run the same command again"
        case .clockSkew: "set this machine's clock and run the same command again"
        case .credentialsRefused: "check the credentials and what they are allowed to do"
        case .refused: "correct the request"
        }
    }
}
