import Clock
import Text

/// A profile's settings for the role that it assumes (botocore, `AssumeRoleProvider`).
struct AssumeRoleConfiguration {
    let role: AssumedRole
    let source: Source

    /// The credentials with which the role is assumed.
    enum Source: Equatable {
        case environment, container, instance
        /// Credentials of the profile itself.
        case profile(ProfileName)
        /// Credentials of that profile's role.
        case role(ProfileName)
    }

    /// - Parameter visited: the profiles that lead here, this one included.
    /// - Returns: nil if the profile assumes no role, or assumes it with a web identity.
    /// - Throws: ``AWSError/configuration(_:)``.
    init?(profile name: ProfileName, context: CredentialContext, visited: [String]) throws(AWSError) {
        let profile = try context.profile(name)
        guard profile.takesRole, let arn = profile["role_arn"] else { return nil }
        func fault(_ key: String, _ problem: String) -> AWSError {
            .configuration(ConfigurationFault(source: "\(key) of profile \"\(name)\"", problem: problem))
        }
        guard profile["mfa_serial"] == nil else {
            throw fault(
                "mfa_serial",
                "a role with an MFA code is not supported, since a scheduled run cannot type it; "
                    + "use a role without mfa_serial, or a credential_process that asks for the code")
        }
        var duration: Int?
        if let text = profile["duration_seconds"] {
            guard let seconds = Int(text), seconds > 0 else {
                throw fault("duration_seconds", "it is no number of seconds; write for example 3600")
            }
            duration = seconds
        }
        role = AssumedRole(
            arn: arn,
            sessionName: profile["role_session_name"] ?? AssumedRole.defaultSessionName(at: context.runtime.now()),
            externalID: profile["external_id"], durationSeconds: duration)
        switch (profile["source_profile"], profile["credential_source"]) {
        case (_?, _?): throw fault("role_arn", "source_profile and credential_source exclude each other; drop one")
        case (nil, nil):
            throw fault(
                "role_arn",
                "source_profile or credential_source is missing; it names the credentials that assume the role")
        case (nil, "Environment"): source = .environment
        case (nil, "EcsContainer"): source = .container
        case (nil, "Ec2InstanceMetadata"): source = .instance
        case (nil, _?):
            throw fault("credential_source", "it is not Environment, EcsContainer or Ec2InstanceMetadata")
        case (let text?, nil):
            source = try Self.source(
                ProfileName(text, origin: "source_profile of profile \"\(name)\""), of: name, context, visited)
        }
    }

    private static func source(
        _ source: ProfileName, of name: ProfileName, _ context: CredentialContext, _ visited: [String]
    ) throws(AWSError) -> Source {
        let profile = try context.profile(source)
        // A profile may name itself as the source of its own keys; any other cycle never ends.
        if visited.contains(source.text), !(source.text == name.text && profile.hasStaticKeys) {
            throw .configuration(
                ConfigurationFault(
                    source: "source_profile of profile \"\(name)\"",
                    problem: "it leads in a circle: "
                        + (visited + [source.text]).map { $0.shown(limit: 100) }.joined(separator: " → ")
                        + "; let one of them have keys of its own"))
        }
        return profile.hasStaticKeys || !profile.takesRole ? .profile(source) : .role(source)
    }
}

extension Profile {
    fileprivate var hasStaticKeys: Bool { self["aws_access_key_id"] != nil || self["aws_secret_access_key"] != nil }

    fileprivate var takesRole: Bool { self["role_arn"] != nil && self["web_identity_token_file"] == nil }
}
