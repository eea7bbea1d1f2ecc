import SystemPackage

/// Static keys of a profile in the shared credentials and config files.
public struct SharedFileCredentials: CredentialProvider {
    private let files: SharedConfigFiles
    private let profile: ProfileName

    public init(_ files: SharedConfigFiles, profile: ProfileName) {
        self.files = files
        self.profile = profile
    }

    public var name: String { "shared files (profile \"\(profile)\")" }

    public var absence: String { "no keys in \(files.credentials) or \(files.config)" }

    /// Reads the files anew, so that a long run sees keys that were replaced meanwhile.
    ///
    /// - Throws: ``AWSError/configuration(_:)`` for a named profile that is missing, a file that does not parse, half a
    ///   pair of keys, or a profile that wants another way to credentials than static keys.
    public func credentials() async throws -> Credentials? {
        guard let profile = try files.load().profile(profile) else { return nil }
        // In botocore's order: roles and SSO come before the keys of the same profile, processes and logins between
        // the two files.
        try refuse(["role_arn", "web_identity_token_file", "credential_source"] + Self.ssoKeys, in: profile)
        if let credentials = try staticKeys(profile.credentials, files.credentials.string) { return credentials }
        try refuse(["login_session", "credential_process"], in: profile)
        return try staticKeys(profile.config, files.config.string)
    }

    private static let ssoKeys = ["sso_session", "sso_start_url", "sso_account_id", "sso_role_name"]

    private func refuse(_ keys: [String], in profile: Profile) throws(AWSError) {
        guard let key = keys.first(where: { profile[$0] != nil }) else { return }
        throw fault(
            "\(files.credentials), \(files.config)",
            "\(key) is not supported: this version reads static keys only "
                + "(aws_access_key_id, aws_secret_access_key, aws_session_token)")
    }

    private func staticKeys(_ section: INIFile.Section, _ file: String) throws(AWSError) -> Credentials? {
        let accessKeyID = section.text("aws_access_key_id")
        let secretAccessKey = section.text("aws_secret_access_key")
        if accessKeyID == nil && secretAccessKey == nil { return nil }
        guard let accessKeyID else { throw fault(file, "aws_access_key_id is missing") }
        guard let secretAccessKey else { throw fault(file, "aws_secret_access_key is missing") }
        do {
            return try Credentials(
                checking: accessKeyID, secretAccessKey: secretAccessKey,
                sessionToken: section.text("aws_session_token") ?? section.text("aws_security_token"))
        } catch {
            throw fault(file, "\(error); correct it there")
        }
    }

    private func fault(_ file: String, _ problem: String) -> AWSError {
        .configuration(ConfigurationFault(source: "\(file), profile \"\(profile)\"", problem: problem))
    }
}
