/// One place where credentials may come from.
package protocol CredentialProvider: Sendable {
    /// For messages: `environment`, `shared credentials file (profile "default")`.
    var name: String { get }

    /// The name of the provider that the credentials came from: of a chain, the one that had some.
    var chosenName: String { get }

    /// Looks for the current credentials, again at every call.
    ///
    /// - Throws: ``AWSError`` if something is configured here and does not work. The next provider is not tried then,
    ///   since working under an unintended identity is worse than not working.
    func lookUp() async throws -> CredentialLookup

    /// The service calls these credentials expired. A provider that keeps credentials drops them if they are the same.
    func invalidate(_ expired: Credentials) async
}

/// The result of looking for credentials.
package enum CredentialLookup: Sendable, Equatable {
    case found(Credentials)
    /// Nothing is configured here, so the next provider is tried; the text says why, in a few words.
    case absent(String)
}

extension CredentialProvider {
    package var chosenName: String { name }

    package func invalidate(_ expired: Credentials) async {}

    /// The current credentials, for callers with this provider alone.
    ///
    /// - Throws: the error of the lookup; ``AWSError/noCredentials(_:)`` if there are none.
    package func credentials() async throws -> Credentials {
        switch try await lookUp() {
        case .found(let credentials): return credentials
        case .absent(let reason): throw AWSError.noCredentials([CredentialAttempt(provider: name, outcome: reason)])
        }
    }
}

/// The answer of one provider of a chain.
package struct CredentialAttempt: Sendable, Equatable, CustomStringConvertible {
    package let provider: String
    package let outcome: String

    package var description: String { "\(provider): \(outcome)" }
}

extension ProviderFault {
    /// The error on the way to a provider's credentials.
    init(provider: String, _ error: AWSError) {
        self.init(provider: provider, problem: "\(error)", isTemporary: error.category == .temporary)
    }
}
