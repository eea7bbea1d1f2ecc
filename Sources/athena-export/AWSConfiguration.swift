import AWS

/// What options and configuration file say about AWS; environment and profile are asked for the rest.
struct AWSConfiguration {
    let explicit: AWSSettings.Explicit
    /// Keys that stand in the configuration file.
    let credentials: Credentials?

    init(_ options: RunOptions, _ settings: Settings) throws(ConfigurationError) {
        let profile = try settings.string("--profile", options.profile, "profile_name")
        explicit = AWSSettings.Explicit(
            region: try settings.string("--region", options.region, "region_name")?.value, profile: profile?.value,
            endpointURL: try settings.string("--endpoint-url", options.endpointURL, "endpoint_url")?.value,
            maxAttempts: options.maxAttempts)
        let keys = try settings.file.map { (file) throws(ConfigurationError) in try Self.credentials(in: file) } ?? nil
        if keys != nil, case .key? = profile?.origin {
            throw profile!.origin.error("the file holds keys as well; remove the profile or the keys")
        }
        // Who names a profile on the command line does not mean the file's keys.
        credentials = options.profile == nil ? keys : nil
    }

    private static func credentials(in file: ConfigurationFile) throws(ConfigurationError) -> Credentials? {
        let accessKeyID = try file.string("aws_access_key_id")
        let secretAccessKey = try file.string("aws_secret_access_key")
        let sessionToken = try file.string("aws_session_token")
        guard let accessKeyID else {
            if let orphan = secretAccessKey ?? sessionToken {
                throw orphan.origin.error("aws_access_key_id is missing beside it; give both keys or neither")
            }
            return nil
        }
        guard let secretAccessKey else {
            throw accessKeyID.origin.error("aws_secret_access_key is missing beside it; give both keys or neither")
        }
        do {
            return try Credentials(
                checking: accessKeyID.value, secretAccessKey: secretAccessKey.value, sessionToken: sessionToken?.value)
        } catch {
            throw .file(file.path, problem: "\(error)")
        }
    }
}
