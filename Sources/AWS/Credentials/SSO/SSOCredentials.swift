import Clock
import Files
import Logging
import Text

/// The role of a user who signed in with `aws sso login`.
package struct SSOCredentials: CredentialProvider {
    private let profile: ProfileName
    private let context: CredentialContext

    /// A token with less time left is renewed, if it can be.
    static let renewalWindow = Duration.seconds(15 * 60)

    package init(profile: ProfileName, context: CredentialContext) {
        self.profile = profile
        self.context = context
    }

    package var name: String { "SSO (profile \"\(profile)\")" }

    /// Reads the token again, since other tools renew it in the same file.
    package func lookUp() async throws -> CredentialLookup {
        guard let configuration = try SSOConfiguration(profile: profile, context: context) else {
            return .absent("no sso_account_id")
        }
        let file = SSOTokenFile(configuration, context.settings.environment)
        return try await context.named(name) {
            let client = SSOClient(configuration, context)
            let token = try await renewed(try read(file), in: file, configuration, client)
            guard token.expiration > context.runtime.now() else { throw signInAgain("the session has expired") }
            guard !token.accessToken.isEmpty, token.accessToken.isVisibleASCII else {
                throw signInAgain("\(file.path) has an invalid token")
            }
            return .found(try await client.credentials(token))
        }
    }

    private func read(_ file: SSOTokenFile) throws -> SSOToken {
        do {
            guard let token = try file.read() else { throw signInAgain("there is no token") }
            return token
        } catch let failure as BoundedFile.Failure {
            throw signInAgain("\(failure)")
        } catch let fault as any CredentialAnswerFault {
            throw signInAgain("\(file.path): \(fault)")
        }
    }

    /// The renewed token. The same token if it needs no renewal or cannot be renewed: it may still serve for some
    /// minutes.
    private func renewed(
        _ token: SSOToken, in file: SSOTokenFile, _ configuration: SSOConfiguration, _ client: SSOClient
    ) async throws -> SSOToken {
        let now = context.runtime.now()
        guard configuration.session != nil, now.duration(to: token.expiration) < Self.renewalWindow,
            let renewal = token.renewal, renewal.registrationExpiration > now
        else { return token }
        do {
            let fresh = try await client.renew(token, with: renewal)
            do throws(FileError) {
                try file.write(fresh)
            } catch {
                context.logger.warning(
                    "the renewed SSO token could not be kept: \(error)", metadata: ["event": "sso_token_not_kept"])
            }
            return fresh
        } catch let error where error is AWSError || error is any CredentialAnswerFault {
            context.logger.warning(
                "the SSO token could not be renewed: \(error)", metadata: ["event": "sso_token_not_renewed"])
            return token
        }
    }

    private func signInAgain(_ problem: String) -> AWSError {
        .provider(
            ProviderFault(
                provider: name, problem: "\(problem); run aws sso login --profile \(profile) and the same command again"
            ))
    }
}
