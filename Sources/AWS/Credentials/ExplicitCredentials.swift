/// Keys that stand in the program's own configuration.
package struct ExplicitCredentials: CredentialProvider {
    package let name = "configuration"
    private let value: Credentials?

    package init(_ credentials: Credentials?) {
        value = credentials
    }

    package func lookUp() async throws -> CredentialLookup {
        value.map { .found($0) } ?? .absent("it has no aws_access_key_id")
    }
}
