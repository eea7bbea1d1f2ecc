/// Keys that stand in the program's own configuration.
public struct ExplicitCredentials: CredentialProvider {
    public let name = "configuration"
    public let absence = "it holds no aws_access_key_id"
    private let value: Credentials?

    public init(_ credentials: Credentials?) {
        value = credentials
    }

    public func credentials() async throws -> Credentials? { value }
}
