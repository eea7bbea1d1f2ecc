/// A role that a profile assumes with the credentials of another profile or of the environment.
package struct AssumeRoleCredentials: CredentialProvider {
    private let profile: ProfileName
    private let context: CredentialContext
    /// An error here is thrown only when this provider is used.
    private let configuration: Result<AssumeRoleConfiguration?, AWSError>
    private let source: CachedCredentials?

    package init(profile: ProfileName, context: CredentialContext) {
        self.init(profile: profile, context: context, visited: [profile.text])
    }

    /// - Parameter visited: the profiles whose roles lead here.
    private init(profile: ProfileName, context: CredentialContext, visited: [String]) {
        self.profile = profile
        self.context = context
        do throws(AWSError) {
            let found = try AssumeRoleConfiguration(profile: profile, context: context, visited: visited)
            configuration = .success(found)
            // Kept, so that a chain of roles is not followed from its start for each of them.
            source = found.map {
                CachedCredentials(
                    Self.provider($0.source, context, visited), runtime: context.runtime, logger: context.logger)
            }
        } catch {
            configuration = .failure(error)
            source = nil
        }
    }

    package var name: String { "assumed role (profile \"\(profile)\")" }

    package func lookUp() async throws -> CredentialLookup {
        guard let configuration = try configuration.get(), let source else { return .absent("no role_arn") }
        return try await context.named(name) {
            .found(try await STSClient(context).assumeRole(configuration.role, as: source))
        }
    }

    package func invalidate(_ expired: Credentials) async {
        await source?.invalidate(expired)
    }

    private static func provider(
        _ source: AssumeRoleConfiguration.Source, _ context: CredentialContext, _ visited: [String]
    ) -> any CredentialProvider {
        switch source {
        case .environment: EnvironmentCredentials(context.settings.environment)
        case .container: ContainerCredentials(context)
        case .instance: InstanceCredentials(context)
        case .profile(let name): CredentialChain.source(name, context)
        case .role(let name): AssumeRoleCredentials(profile: name, context: context, visited: visited + [name.text])
        }
    }
}
