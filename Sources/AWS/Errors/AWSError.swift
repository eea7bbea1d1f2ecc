package import HTTPTransport

/// Errors between this program and AWS.
package enum AWSError: Error, Sendable, Equatable {
    /// The service answered with an error; `attempts` counts all attempts of the call.
    case service(AWSServiceError, attempts: Int)
    /// No complete answer arrived.
    case transport(operation: String, HTTPTransportError, attempts: Int)
    /// A complete answer to something else than the request.
    case untrustedAnswer(operation: String, problem: String)
    /// No provider had credentials; one entry for each provider tried.
    case noCredentials([CredentialAttempt])
    /// A provider is configured and gives no credentials.
    case provider(ProviderFault)
    /// A provider gave credentials that have expired.
    case expiredCredentials(provider: String)
    case noRegion
    case configuration(ConfigurationFault)

    /// The meaning of the error for the program as a whole.
    package enum Category: Sendable {
        /// The same call may work later: retries are used up.
        case temporary
        /// Credentials are missing, expired, refused or not sufficient.
        case credentials
        /// A setting is wrong.
        case configuration
        /// The service understood the request and refuses it.
        case refused
        /// The answer is too large, or does not answer the request.
        case untrustedAnswer
    }

    package var category: Category {
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

    /// The service's own words, if the service answered.
    package var serviceMessage: String {
        if case .service(let error, _) = self { error.message } else { description }
    }
}

/// The failure of one source of credentials: which source, and what went wrong. Never a secret.
package struct ProviderFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The provider's own name.
    package let provider: String
    /// The problem, and what to do about it.
    package let problem: String
    /// Whether the same attempt may work later.
    package let isTemporary: Bool

    package init(provider: String, problem: String, isTemporary: Bool = false) {
        self.provider = provider
        self.problem = problem
        self.isTemporary = isTemporary
    }

    package var description: String { "no credentials from \(provider): \(problem)" }
}

/// A wrong setting: where it is, and what is wrong. Never its value, if that could be a secret.
package struct ConfigurationFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file with its line, a variable, an option.
    package let source: String
    package let problem: String

    package init(source: String, problem: String) {
        self.source = source
        self.problem = problem
    }

    package var description: String { "\(source): \(problem)" }
}

extension AWSError: CustomStringConvertible {
    /// One line: operation, cause, next step.
    package var description: String {
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

    /// The answer of each source of credentials, one line each; empty for other errors.
    package var details: [String] {
        if case .noCredentials(let attempts) = self { attempts.map(\.description) } else { [] }
    }

    /// The error without its ``details``, on one line.
    package var summary: String {
        if case .noCredentials = self { "no AWS credentials; \(Self.credentialsAdvice)" } else { description }
    }

    private static let credentialsAdvice = "set the environment's keys or configure a profile"

    private static func after(_ attempts: Int) -> String { attempts == 1 ? "" : " after \(attempts) attempts" }

    fileprivate static let proxyAdvice =
        "set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT, with special characters in percent signs (%40 is @)"

    private static func advice(_ error: HTTPTransportError) -> String {
        switch error {
        case .certificateRejected: "trust its issuer with AWS_CA_BUNDLE if it is yours"
        case .caBundleUnreadable: "correct AWS_CA_BUNDLE, the profile's ca_bundle or REQUESTS_CA_BUNDLE"
        case .noThread: "raise the limit of processes (ulimit -u) and run the same command again"
        case .unusableProxy, .refusedByProxy(_, .needsCredentials, _): proxyAdvice
        case .refusedByProxy(_, .forbidsHost, _): "let the proxy allow this host, or name the host in NO_PROXY"
        default:
            error.isTransient
                ? "run the same command again later"
                : "check the endpoint, and what stands between this program and AWS"
        }
    }
}

extension AWSServiceError {
    /// Only a proxy answers with 407. Without a tunnel, its answer stands in the place of the service's.
    fileprivate var advice: String {
        if httpStatus == 407 { return "a proxy requires a user and a password; \(AWSError.proxyAdvice)" }
        return code == "NoSuchBucket" ? "check the bucket's name" : kind.advice
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
        case .refused: "correct the option or key that this is about"
        }
    }
}
