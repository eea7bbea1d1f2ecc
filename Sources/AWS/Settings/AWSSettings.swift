package import SystemPackage
import Text

/// Settings from explicit values, the environment and the profile; the first of them wins.
///
/// Each setting is checked when it is used, so a wrong one does not fail a command that does not need it.
package struct AWSSettings: Sendable {
    /// Values from the command line or the program's own configuration.
    package struct Explicit: Sendable {
        package var region: String?
        package var profile: String?
        /// For every service.
        package var endpointURL: String?
        /// Attempts in all for a request.
        package var maxAttempts: Int?

        package init(
            region: String? = nil, profile: String? = nil, endpointURL: String? = nil, maxAttempts: Int? = nil
        ) {
            self.region = region
            self.profile = profile
            self.endpointURL = endpointURL
            self.maxAttempts = maxAttempts
        }
    }

    package let environment: AWSEnvironment
    package let profileName: ProfileName
    let explicit: Explicit
    let sharedConfig: SharedConfig
    /// Empty if there is none.
    let profile: Profile

    /// - Throws: ``AWSError/configuration(_:)`` if the profile is named and missing.
    package init(
        explicit: Explicit = Explicit(), environment: AWSEnvironment, sharedConfig: SharedConfig
    ) throws(AWSError) {
        self.explicit = explicit
        self.environment = environment
        self.sharedConfig = sharedConfig
        profileName = Self.profileName(explicit, environment)
        profile = try sharedConfig.profile(profileName) ?? Profile()
    }

    /// Whether the profile was named by an argument rather than by the environment.
    package var isProfileExplicit: Bool { explicit.profile != nil }

    private static func profileName(_ explicit: Explicit, _ environment: AWSEnvironment) -> ProfileName {
        if let name = explicit.profile { return ProfileName(name, origin: "profile") }
        for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
            if let name = environment[variable] { return ProfileName(name, origin: variable) }
        }
        return .default
    }

    /// The region of all requests.
    ///
    /// - Throws: ``AWSError/noRegion``, or ``AWSError/configuration(_:)`` for an invalid name.
    package func region() throws(AWSError) -> Region {
        let candidates = [
            (explicit.region, "region"), (environment["AWS_REGION"], "AWS_REGION"),
            (environment["AWS_DEFAULT_REGION"], "AWS_DEFAULT_REGION"), (profile["region"], inProfile("region")),
        ]
        for case (let text?, let origin) in candidates {
            if let region = Region(text) { return region }
            throw .configuration(
                ConfigurationFault(
                    source: origin,
                    problem: "\"\(text.shown(limit: 80))\" is no region; a region is written like us-east-1"))
        }
        guard let omissions = sharedConfig.omissionsText else { throw .noRegion }
        throw .configuration(
            ConfigurationFault(
                source: "shared AWS files",
                problem: "\(omissions), and nothing else names a region; set --region or AWS_REGION, or let it be read")
        )
    }

    /// How often a request is sent at most; 10 by default.
    package func maxAttempts() throws(AWSError) -> Int {
        if let attempts = explicit.maxAttempts { return max(1, attempts) }
        let candidates = [
            (environment["AWS_MAX_ATTEMPTS"], "AWS_MAX_ATTEMPTS"), (profile["max_attempts"], inProfile("max_attempts")),
        ]
        for case (let text?, let origin) in candidates {
            if let attempts = Int(text), attempts >= 1 { return attempts }
            throw .configuration(
                ConfigurationFault(source: origin, problem: "it is not an integer of at least 1; write for example 10"))
        }
        return RetryPolicy.standard.maxAttempts
    }

    /// A file of certificates to trust instead of the system's.
    package var caBundle: FilePath? {
        (environment["AWS_CA_BUNDLE"] ?? profile["ca_bundle"] ?? environment["REQUESTS_CA_BUNDLE"]).map { FilePath($0) }
    }

    func inProfile(_ key: String) -> String { "\(key) of profile \"\(profileName)\"" }

    static func flag(_ text: String, source: String, key: String) throws(AWSError) -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw .configuration(
                ConfigurationFault(source: source, problem: "\(key) is neither true nor false; write one of them"))
        }
    }
}
