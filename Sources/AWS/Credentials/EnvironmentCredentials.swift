import Clock

/// `AWS_ACCESS_KEY_ID` and the variables beside it.
package struct EnvironmentCredentials: CredentialProvider {
    package let name = "environment"
    private let environment: AWSEnvironment

    package init(_ environment: AWSEnvironment) {
        self.environment = environment
    }

    /// - Throws: ``AWSError/configuration(_:)`` if only one of the two keys is set or a value is invalid.
    package func lookUp() async throws -> CredentialLookup {
        let accessKeyID = environment["AWS_ACCESS_KEY_ID"]
        let secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"]
        switch (accessKeyID, secretAccessKey) {
        case (nil, nil): return .absent("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
        case (_?, nil): throw incomplete("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not; set both")
        case (nil, _?): throw incomplete("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not; set both")
        case (let accessKeyID?, let secretAccessKey?):
            do throws(CredentialsFault) {
                return .found(
                    try Credentials(
                        checking: accessKeyID, secretAccessKey: secretAccessKey,
                        // The second name is that of the first SDKs.
                        sessionToken: environment["AWS_SESSION_TOKEN"] ?? environment["AWS_SECURITY_TOKEN"],
                        expiration: try expiration()))
            } catch {
                throw incomplete("\(error); set the variables AWS_… again")
            }
        }
    }

    private func expiration() throws(CredentialsFault) -> Timestamp? {
        guard let text = environment["AWS_CREDENTIAL_EXPIRATION"] else { return nil }
        guard let expiration = Timestamp(iso8601: text) else {
            throw CredentialsFault("AWS_CREDENTIAL_EXPIRATION is not a time such as 2026-11-23T01:02:03Z")
        }
        return expiration
    }

    private func incomplete(_ problem: String) -> AWSError {
        .configuration(ConfigurationFault(source: "environment", problem: problem))
    }
}
