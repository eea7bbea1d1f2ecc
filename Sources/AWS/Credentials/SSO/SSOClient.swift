import Clock
import HTTPTransport
import JSON

/// The two operations of IAM Identity Center that lead from a token to credentials. Neither is signed.
struct SSOClient {
    private let configuration: SSOConfiguration
    private let context: CredentialContext

    private static let limits = HTTPLimits(bodyBytes: 256 << 10, total: .seconds(60))

    init(_ configuration: SSOConfiguration, _ context: CredentialContext) {
        self.configuration = configuration
        self.context = context
    }

    /// `CreateToken`: a new access token for a refresh token.
    func renew(_ token: SSOToken, with renewal: SSOToken.Renewal) async throws -> SSOToken {
        let body: JSONValue = [
            "grantType": "refresh_token", "clientId": .string(renewal.clientID),
            "clientSecret": .string(renewal.clientSecret), "refreshToken": .string(renewal.refreshToken),
        ]
        let request = HTTPRequest(
            method: "POST", url: try url(.ssoOIDC, "token"), headers: ["Content-Type": "application/json"],
            body: body.serialized(pretty: false), limits: Self.limits)
        return try await call("CreateToken", request, secrets: [renewal.clientSecret, renewal.refreshToken]) { answer in
            var token = token
            token.renew(
                accessToken: try answer.member("accessToken").string(),
                expiration: context.runtime.now().advanced(
                    by: .seconds(try answer.member("expiresIn").integer(atLeast: 0))),
                refreshToken: try answer.optionalMember("refreshToken")?.string())
            return token
        }
    }

    /// `GetRoleCredentials`.
    func credentials(_ token: SSOToken) async throws -> Credentials {
        var url = try url(.sso, "federation/credentials")
        url.query =
            "role_name=\(URIEncoding.encode(configuration.roleName))"
            + "&account_id=\(URIEncoding.encode(configuration.accountID))"
        let request = HTTPRequest(
            method: "GET", url: url, headers: ["x-amz-sso_bearer_token": token.accessToken], limits: Self.limits)
        return try await call("GetRoleCredentials", request, secrets: [token.accessToken]) { answer in
            let found = try answer.member("roleCredentials")
            let milliseconds = try found.member("expiration").integer()
            return try Credentials(
                found, names: .sso, expiration: Timestamp(milliseconds: Int64(milliseconds)))
        }
    }

    private func url(_ service: AWSService, _ path: String) throws(AWSError) -> HTTPURL {
        var url = try context.settings.endpoint(for: service, in: configuration.region).url
        url.path += (url.path.hasSuffix("/") ? "" : "/") + path
        return url
    }

    private func call<Answer>(
        _ operation: String, _ request: HTTPRequest, secrets: [String], decode: (JSONField) throws -> Answer
    ) async throws -> Answer {
        try await context.client(.unsigned).send(request, operation: operation, secrets: secrets) {
            AWSServiceError(json: $0, operation: operation, redactor: $1)
        } decode: {
            try decode(JSONField(JSONValue(parsing: $0.body)))
        }
    }
}
