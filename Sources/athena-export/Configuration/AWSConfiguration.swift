import AWS
import HTTPTransport
import Text

/// The AWS settings of options and configuration file; environment and profile supply the rest.
struct AWSConfiguration {
    let explicit: AWSSettings.Explicit
    /// Keys that stand in the configuration file.
    let credentials: Credentials?

    init(_ options: RunOptions, _ settings: SettingsLookup) throws(ConfigurationError) {
        var mistakes = ConfigurationMistakes()
        let profile = mistakes.collect(try settings.string(.profile, options.aws.profile))
        explicit = AWSSettings.Explicit(
            region: mistakes.collect(try Self.region(settings)), profile: profile?.value,
            endpointURL: mistakes.collect(try Self.endpoint(settings)),
            maxAttempts: mistakes.collect(try settings.bounded(.maxAttempts, options.aws.maxAttempts, 1...1000)))
        let keys = mistakes.collect(try settings.file.flatMap(Self.credentials))
        if keys != nil, let origin = profile?.origin, case .key = origin {
            mistakes.add([origin.error("the file has keys as well; remove the profile or the keys")])
        }
        try mistakes.check()
        // A profile on the command line excludes the file's keys.
        credentials = options.aws.profile == nil ? keys : nil
    }

    /// The configuration without any setting.
    static let unset = AWSConfiguration(explicit: AWSSettings.Explicit(), credentials: nil)

    private init(explicit: AWSSettings.Explicit, credentials: Credentials?) {
        self.explicit = explicit
        self.credentials = credentials
    }

    // Checked here, where the source of each setting is known.

    private static func region(_ settings: SettingsLookup) throws(ConfigurationError) -> String? {
        guard let setting = try settings.string(.region, settings.options.aws.region) else { return nil }
        guard Region(setting.value) != nil else {
            throw setting.origin.error(
                "\"\(setting.value.shown(limit: 80))\" is no region; a region is written like us-east-1")
        }
        return setting.value
    }

    private static func endpoint(_ settings: SettingsLookup) throws(ConfigurationError) -> String? {
        guard let setting = try settings.string(.endpointURL, settings.options.aws.endpointURL) else {
            return nil
        }
        do { _ = try HTTPURL(parsing: setting.value) } catch { throw setting.origin.error("\(error)") }
        return setting.value
    }

    private static func credentials(in file: ConfigurationFile) throws(ConfigurationError) -> Credentials? {
        let accessKeyID = try file.string(.accessKeyID)
        let secretAccessKey = try file.string(.secretAccessKey)
        let sessionToken = try file.string(.sessionToken)
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
            throw accessKeyID.origin.error("\(error)")
        }
    }
}
