import Clock
import Files
import SystemPackage
import Text

/// A role that is assumed with a token of an identity provider: Kubernetes service accounts, CI systems.
package struct WebIdentityCredentials: CredentialProvider {
    private let profile: ProfileName
    private let usesEnvironment: Bool
    private let context: CredentialContext
    private let defaultSessionName: String

    /// STS takes no token of more than 20,000 characters.
    private static let maximumTokenBytes = 64 << 10

    /// - Parameter usesEnvironment: whether variables count; the profile's keys do in any case.
    package init(profile: ProfileName, usesEnvironment: Bool, context: CredentialContext) {
        self.profile = profile
        self.usesEnvironment = usesEnvironment
        self.context = context
        defaultSessionName = AssumedRole.defaultSessionName(at: context.runtime.now())
    }

    package var name: String { "web identity (profile \"\(profile)\")" }

    /// Reads the token again, since the file is replaced every hour or so.
    package func lookUp() async throws -> CredentialLookup {
        guard let path = try setting("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return .absent(
                usesEnvironment ? "AWS_WEB_IDENTITY_TOKEN_FILE is not set" : "no web_identity_token_file")
        }
        guard let arn = try setting("role_arn", "AWS_ROLE_ARN") else {
            throw AWSError.configuration(
                ConfigurationFault(
                    source: "web identity", problem: "there is a token and no role; set AWS_ROLE_ARN or role_arn"))
        }
        let role = AssumedRole(
            arn: arn, sessionName: try setting("role_session_name", "AWS_ROLE_SESSION_NAME") ?? defaultSessionName)
        let token = try token(FilePath(path))
        return try await context.named(name) {
            .found(try await STSClient(context).assumeRole(role, webIdentity: token))
        }
    }

    private func setting(_ key: String, _ variable: String) throws(AWSError) -> String? {
        if usesEnvironment, let value = context.settings.environment[variable] { return value }
        return try context.profile(profile)[key]
    }

    private func token(_ path: FilePath) throws(AWSError) -> String {
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.read(path, limit: Self.maximumTokenBytes).bytes
        } catch {
            throw fault("\(error)")
        }
        let words = bytes.split(whereSeparator: { $0 <= .space })
        guard words.count == 1, words[0].allSatisfy(\.isVisibleASCII) else {
            throw fault("\(path) does not hold one token")
        }
        return String(decoding: words[0], as: UTF8.self)
    }

    private func fault(_ problem: String) -> AWSError {
        .provider(
            ProviderFault(
                provider: name, problem: "\(problem); correct AWS_WEB_IDENTITY_TOKEN_FILE or web_identity_token_file"))
    }
}
