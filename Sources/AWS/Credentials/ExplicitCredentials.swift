/// Keys that stand in the program's own configuration.
public struct ExplicitCredentials: CredentialProvider {
    public let name = "configuration"
    private let value: Credentials?

    public init(_ credentials: Credentials?) {
        value = credentials
    }

    public func lookUp() async throws -> CredentialLookup {
        value.map { .found($0) } ?? .absent("it has no aws_access_key_id")
    }
}
