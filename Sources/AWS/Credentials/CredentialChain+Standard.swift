import Logging

extension CredentialChain {
    /// The chain of this program, in botocore's order.
    ///
    /// Nothing is read or requested before the first lookup, except what `context` holds already.
    ///
    /// - Parameter explicit: keys from the configuration, which come before everything.
    package static func standard(explicit: Credentials?, context: CredentialContext) -> CredentialChain {
        let settings = context.settings
        var providers: [any CredentialProvider] = [ExplicitCredentials(explicit)]
        // As in botocore: a profile named on the command line excludes the environment's keys.
        if !settings.isProfileExplicit { providers.append(EnvironmentCredentials(settings.environment)) }
        providers.append(AssumeRoleCredentials(profile: settings.profileName, context: context))
        providers += ofProfile(settings.profileName, usesEnvironment: !settings.isProfileExplicit, context)
        providers += [ContainerCredentials(context), InstanceCredentials(context)]
        return CredentialChain(providers, logger: context.logger)
    }

    /// The credentials of a source profile, from which another profile assumes its role.
    static func source(_ profile: ProfileName, _ context: CredentialContext) -> CredentialChain {
        CredentialChain(
            ofProfile(profile, usesEnvironment: false, context), name: "source profile \"\(profile)\"", level: .debug,
            logger: context.logger)
    }

    /// - Parameter usesEnvironment: whether a web identity may come from variables.
    private static func ofProfile(
        _ profile: ProfileName, usesEnvironment: Bool, _ context: CredentialContext
    ) -> [any CredentialProvider] {
        [
            WebIdentityCredentials(profile: profile, usesEnvironment: usesEnvironment, context: context),
            SSOCredentials(profile: profile, context: context),
            SharedFileCredentials(context.files, profile: profile, in: .credentials),
            LoginSessionCredentials(profile: profile, context: context),
            ProcessCredentials(profile: profile, context: context),
            SharedFileCredentials(context.files, profile: profile, in: .config),
        ]
    }
}
