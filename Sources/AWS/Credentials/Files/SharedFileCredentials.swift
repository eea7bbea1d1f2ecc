import SystemPackage

/// Static keys of a profile in one of the shared files.
package struct SharedFileCredentials: CredentialProvider {
    /// botocore reads the credentials file early in its chain and the config file late.
    package enum File: Sendable {
        case credentials, config
    }

    private let files: SharedConfigFiles
    private let profile: ProfileName
    private let file: File

    package init(_ files: SharedConfigFiles, profile: ProfileName, in file: File) {
        self.files = files
        self.profile = profile
        self.file = file
    }

    package var name: String {
        "shared \(file == .credentials ? "credentials" : "config") file (profile \"\(profile)\")"
    }

    private var path: FilePath { file == .credentials ? files.credentials : files.config }

    /// Reads the file again, so that a long run sees keys that were replaced meanwhile.
    ///
    /// - Throws: ``AWSError/configuration(_:)`` for a named profile that is missing, a file that does not parse, or half
    ///   a pair of keys.
    package func lookUp() async throws -> CredentialLookup {
        let shared = try files.load()
        if let omission = shared.omission(of: path) { return .absent("\(path) \(omission)") }
        guard let profile = try shared.profile(profile) else { return .absent("no such profile in \(path)") }
        return try staticKeys(file == .credentials ? profile.credentials : profile.config)
    }

    private func staticKeys(_ section: INIFile.Section) throws(AWSError) -> CredentialLookup {
        let accessKeyID = section.text("aws_access_key_id")
        let secretAccessKey = section.text("aws_secret_access_key")
        if accessKeyID == nil && secretAccessKey == nil { return .absent("no keys in \(path)") }
        guard let accessKeyID else { throw fault("aws_access_key_id is missing; add it there") }
        guard let secretAccessKey else { throw fault("aws_secret_access_key is missing; add it there") }
        do {
            return .found(
                try Credentials(
                    checking: accessKeyID, secretAccessKey: secretAccessKey,
                    sessionToken: section.text("aws_session_token") ?? section.text("aws_security_token")))
        } catch {
            throw fault("\(error); correct it there")
        }
    }

    private func fault(_ problem: String) -> AWSError {
        .configuration(ConfigurationFault(source: "\(path), profile \"\(profile)\"", problem: problem))
    }
}
