/// One place where credentials may come from.
public protocol CredentialProvider: Sendable {
    /// For messages: `environment`, `shared credentials file (profile "default")`.
    var name: String { get }

    /// Looks for the credentials of this moment, again at every call.
    ///
    /// - Throws: ``AWSError`` if something is configured here and does not work: nobody else is asked then, since
    ///   working under an identity that was not meant is worse than not working.
    func lookUp() async throws -> CredentialLookup

    /// Hears that the service takes these credentials for expired. Who keeps credentials drops them if these are the
    /// ones.
    func invalidate(_ expired: Credentials) async
}

/// What a provider has.
public enum CredentialLookup: Sendable, Equatable {
    case found(Credentials)
    /// Nothing is configured here, so that the next provider is asked; why, in a few words.
    case absent(String)
}

extension CredentialProvider {
    public func invalidate(_ expired: Credentials) async {}

    /// The credentials of this moment, for those who have nobody else to ask.
    ///
    /// - Throws: what the lookup throws; ``AWSError/noCredentials(_:)`` if there are none.
    public func credentials() async throws -> Credentials {
        switch try await lookUp() {
        case .found(let credentials): return credentials
        case .absent(let reason): throw AWSError.noCredentials([CredentialAttempt(provider: name, outcome: reason)])
        }
    }
}

/// What one provider of a chain said.
public struct CredentialAttempt: Sendable, Equatable, CustomStringConvertible {
    public let provider: String
    public let outcome: String

    public var description: String { "\(provider): \(outcome)" }
}

extension ProviderFault {
    /// What went wrong on the way to a provider's credentials.
    init(provider: String, _ error: AWSError) {
        self.init(provider: provider, problem: "\(error)", isTemporary: error.category == .temporary)
    }
}
