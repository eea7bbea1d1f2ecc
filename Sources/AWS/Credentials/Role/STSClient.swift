import Clock
import HTTPTransport

/// The two operations of STS that give a role's credentials. They use the query protocol: the request is a form, the
/// answer XML.
struct STSClient {
    private let endpoint: Endpoint
    private let context: CredentialContext

    private static let limits = HTTPLimits(bodyBytes: 256 << 10, total: .seconds(60))

    init(_ context: CredentialContext) throws(AWSError) {
        endpoint = try context.settings.endpoint(for: .sts)
        self.context = context
    }

    /// Signed with the credentials that may assume the role.
    func assumeRole(_ role: AssumedRole, as source: any CredentialProvider) async throws -> Credentials {
        var parameters = [("RoleArn", role.arn), ("RoleSessionName", role.sessionName)]
        if let externalID = role.externalID { parameters.append(("ExternalId", externalID)) }
        if let duration = role.durationSeconds { parameters.append(("DurationSeconds", String(duration))) }
        let signer = SigV4(service: AWSService.sts.signingName, region: endpoint.signingRegion)
        return try await call("AssumeRole", parameters, .signed(signer, source))
    }

    /// Not signed: the token is the proof.
    func assumeRole(_ role: AssumedRole, webIdentity token: String) async throws -> Credentials {
        try await call(
            "AssumeRoleWithWebIdentity",
            [("RoleArn", role.arn), ("RoleSessionName", role.sessionName), ("WebIdentityToken", token)], .unsigned,
            secrets: [token])
    }

    private func call(
        _ operation: String, _ parameters: [(String, String)], _ signing: AWSClient.Signing, secrets: [String] = []
    ) async throws -> Credentials {
        let form = [("Action", operation), ("Version", "2011-06-15")] + parameters
        let body = form.map { "\($0)=\(URIEncoding.encode($1))" }.joined(separator: "&")
        let request = HTTPRequest(
            method: "POST", url: endpoint.url,
            headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"], body: Array(body.utf8),
            limits: Self.limits)
        return try await context.client(signing).send(request, operation: operation, secrets: secrets) {
            AWSServiceError(xml: $0, operation: operation, redactor: $1)
        } decode: {
            try Self.credentials(in: XMLElement(parsing: $0.body), operation)
        }
    }

    private static func credentials(in document: XMLElement, _ operation: String) throws -> Credentials {
        guard document.name == "\(operation)Response", let found = document["\(operation)Result"]?["Credentials"],
            let accessKeyID = found.text(of: "AccessKeyId"), let secretAccessKey = found.text(of: "SecretAccessKey")
        else { throw CredentialsFault("it has no credentials") }
        guard let expiration = found.text(of: "Expiration").flatMap({ Timestamp(iso8601: $0) }) else {
            throw CredentialsFault("it does not say when the credentials expire")
        }
        return try Credentials(
            checking: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: found.text(of: "SessionToken"),
            expiration: expiration)
    }
}

/// A role to assume, with its session.
struct AssumedRole: Sendable, Equatable {
    let arn: String
    let sessionName: String
    var externalID: String?
    var durationSeconds: Int?
}

extension AssumedRole {
    /// The session name if none is configured.
    static func defaultSessionName(at time: Timestamp) -> String { "athena-export-\(time.seconds)" }
}
