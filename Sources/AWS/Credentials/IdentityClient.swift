package import Clock
package import HTTPTransport
package import Logging
import Text

/// Whose credentials they are.
package struct CallerIdentity: Sendable, Equatable {
    /// The account's number.
    package let account: String
    /// Of the user, or of the role with its session.
    package let arn: String
}

/// Asks STS whose the credentials are: GetCallerIdentity, API version 2011-06-15. No policy has to allow it.
package struct IdentityClient: Sendable {
    private let endpoint: Endpoint
    private let client: AWSClient

    /// The answer only informs, so it is not waited for long.
    private static let limits = HTTPLimits(bodyBytes: 64 << 10, connect: .seconds(3), total: .seconds(20))

    package init(
        endpoint: Endpoint, credentials: any CredentialProvider, transport: any HTTPTransport,
        runtime: Runtime = .system, logger: Logger
    ) {
        self.endpoint = endpoint
        client = AWSClient(
            signing: .signed(SigV4(service: AWSService.sts.signingName, region: endpoint.signingRegion), credentials),
            transport: transport, retry: RetryPolicy(maxAttempts: 1), runtime: runtime, logger: logger)
    }

    /// Asks once.
    ///
    /// - Throws: ``AWSError``; `CancellationError`; what reading an answer that is none throws.
    package func callerIdentity() async throws -> CallerIdentity {
        let operation = "GetCallerIdentity"
        let request = HTTPRequest(
            method: "POST", url: endpoint.url,
            headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
            body: Array("Action=\(operation)&Version=2011-06-15".utf8), limits: Self.limits)
        return try await client.send(request, operation: operation, isRepeated: false) {
            AWSServiceError(xml: $0, operation: operation, redactor: $1)
        } decode: {
            let document = try XMLElement(parsing: $0.body)
            guard document.name == "\(operation)Response", let result = document["\(operation)Result"],
                let account = result.text(of: "Account"), let arn = result.text(of: "Arn")
            else { throw AWSError.untrustedAnswer(operation: operation, problem: "it names no account") }
            return CallerIdentity(account: account.shown(limit: 40), arn: arn.shown(limit: 300))
        }
    }
}
