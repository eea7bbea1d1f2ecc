import Clock
import HTTPTransport
import Logging

/// The role of the EC2 instance that the program runs on.
///
/// Nothing in the environment shows whether this is an instance, so the metadata service is asked. Any failure means
/// that there is no instance, or that it has no role.
package struct InstanceCredentials: CredentialProvider {
    package let name = "instance"
    private let context: CredentialContext

    package init(_ context: CredentialContext) {
        self.context = context
    }

    /// - Throws: ``AWSError/configuration(_:)`` for invalid settings of the metadata service.
    package func lookUp() async throws -> CredentialLookup {
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

    /// When the service cannot renew credentials, it hands out the old ones, and AWS accepts them a while longer. They
    /// count for some more minutes and are then requested again (botocore, `InstanceMetadataFetcher`).
    private func extended(_ credentials: Credentials) -> Credentials {
        guard let expiration = credentials.expiration else { return credentials }
        let now = context.runtime.now()
        // Spreads the requests of many instances.
        let jitter = Duration.seconds(120 + 480 * context.runtime.random())
        let window = CachedCredentials.advisoryWindow + jitter
        guard now.duration(to: expiration) <= window else { return credentials }
        context.logger.info(
            "the instance's credentials are about to expire and were not renewed; they are used for some more minutes",
            metadata: ["event": "credentials_expiring", "expiration": "\(expiration.iso8601)"])
        return Credentials(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey,
            sessionToken: credentials.sessionToken, expiration: now.advanced(by: window))
    }
}
