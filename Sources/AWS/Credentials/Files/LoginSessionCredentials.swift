/// A profile that was signed in with `aws login`. It is not supported, and has an error of its own because it would
/// come before other sources.
package struct LoginSessionCredentials: CredentialProvider {
    private let profile: ProfileName
    private let context: CredentialContext

    package init(profile: ProfileName, context: CredentialContext) {
        self.profile = profile
        self.context = context
    }

    package var name: String { "login session (profile \"\(profile)\")" }

    package func lookUp() async throws -> CredentialLookup {
        guard try context.profile(profile)["login_session"] != nil else { return .absent("no login_session") }
        throw AWSError.configuration(
            ConfigurationFault(
                source: "login_session of profile \"\(profile)\"",
                problem: "sessions of aws login are not supported; put this into a profile of your own and name that: "
                    + "credential_process = aws configure export-credentials --profile \(profile) --format process"))
    }
}
