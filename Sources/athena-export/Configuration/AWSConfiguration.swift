import AWS
import HTTPTransport

/// What options and configuration file say about AWS; environment and profile are asked for the rest.
struct AWSConfiguration {
    let explicit: AWSSettings.Explicit
    /// Keys that stand in the configuration file.
    let credentials: Credentials?

    init(_ options: RunOptions, _ settings: SettingsLookup) throws(ConfigurationError) {
        let profile = try settings.string("--profile", options.profile, "profile_name")
        explicit = AWSSettings.Explicit(
            region: try Self.region(settings), profile: profile?.value, endpointURL: try Self.endpoint(settings),
            maxAttempts: options.maxAttempts)
        let keys = try settings.file.map { (file) throws(ConfigurationError) in try Self.credentials(in: file) } ?? nil
        if keys != nil, case .key? = profile?.origin {
            throw profile!.origin.error("the file holds keys as well; remove the profile or the keys")
        }
        // Who names a profile on the command line does not mean the file's keys.
        credentials = options.profile == nil ? keys : nil
    }

    // Checked here, where it is known who set them.

    private static func region(_ settings: SettingsLookup) throws(ConfigurationError) -> String? {
        guard let setting = try settings.string("--region", settings.options.region, "region_name") else { return nil }
        guard Region(setting.value) != nil else {
            throw setting.origin.error(
                "\"\(setting.value.shown(limit: 80))\" is no region; a region is written like us-east-1")
        }
        return setting.value
    }

    private static func endpoint(_ settings: SettingsLookup) throws(ConfigurationError) -> String? {
        guard let setting = try settings.string("--endpoint-url", settings.options.endpointURL, "endpoint_url") else {
            return nil
        }
        do { _ = try HTTPURL(parsing: setting.value) } catch { throw setting.origin.error("\(error)") }
        return setting.value
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
