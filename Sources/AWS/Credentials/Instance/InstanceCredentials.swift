import HTTPTransport
import Logging

/// The role of the EC2 instance that the program runs on.
///
/// An instance says nothing about itself in the environment, so it can only be asked; whatever goes wrong then means
/// that this is none, or one without a role.
public struct InstanceCredentials: CredentialProvider {
    public let name = "instance"
    private let context: CredentialContext

    public init(_ context: CredentialContext) {
        self.context = context
    }

    /// - Throws: ``AWSError/configuration(_:)`` for settings of the metadata service that are none.
    public func lookUp() async throws -> CredentialLookup {
        guard let settings = try InstanceMetadataSettings(context.settings) else {
            return .absent("AWS_EC2_METADATA_DISABLED is true")
        }
        let metadata = InstanceMetadata(settings, context.directTransport)
        do {
            let token = try await metadata.token()
            let role = try await metadata.role(token)
            return .found(extended(try await metadata.credentials(of: role, token)))
        } catch let fault as InstanceMetadata.Fault {
            return .absent(fault.description)
        }
    }

    /// Where the service that renews credentials has trouble, it hands out the old ones, and AWS takes them a while
    /// longer: they count for some more minutes, and are asked for again then (botocore, `InstanceMetadataFetcher`).
    private func extended(_ credentials: Credentials) -> Credentials {
        guard let expiration = credentials.expiration else { return credentials }
        let now = context.runtime.now()
        // So that not all instances ask at once.
        let jitter = Duration.seconds(120 + 480 * context.runtime.random())
        let window = CachedCredentials.advisoryWindow + jitter
        guard now.duration(to: expiration) <= window else { return credentials }
        context.logger.info(
            "the instance's credentials are about to expire and were not renewed; going on with them",
            metadata: ["event": "credentials_expiring", "expiration": "\(expiration.iso8601)"])
        return Credentials(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey,
            sessionToken: credentials.sessionToken, expiration: now.advanced(by: window))
    }
}
