/// One place where credentials may come from.
public protocol CredentialProvider: Sendable {
    /// For messages: `environment`, `shared files (profile "default")`.
    var name: String { get }

    /// What to say where it has nothing: `AWS_ACCESS_KEY_ID is not set`.
    var absence: String { get }

    /// The credentials of this moment, looked up anew at every call.
    ///
    /// - Returns: nil if nothing is configured here, so that the next provider is asked.
    /// - Throws: ``AWSError`` if something is configured here and does not work: nobody else is asked then, since
    ///   working under an identity that was not meant is worse than not working.
    func credentials() async throws -> Credentials?

    /// Hears that the service takes these credentials for expired. Who keeps credentials drops them if these are the
    /// ones.
    func invalidate(_ expired: Credentials) async
}

extension CredentialProvider {
    public var absence: String { "nothing is configured" }

    public func invalidate(_ expired: Credentials) async {}
}

/// What one provider of a chain said.
public struct CredentialAttempt: Sendable, Equatable, CustomStringConvertible {
    public let provider: String
    public let outcome: String

    public var description: String { "\(provider): \(outcome)" }
}
