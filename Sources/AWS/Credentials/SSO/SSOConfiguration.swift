import Text

/// A profile's settings for IAM Identity Center (botocore, `SSOProvider`).
struct SSOConfiguration {
    let accountID: String
    let roleName: String
    let startURL: String
    let region: Region
    /// The `[sso-session …]` whose token is used; nil in the older form, which has only a start URL.
    let session: String?

    /// - Returns: nil if the profile does not use SSO.
    /// - Throws: ``AWSError/configuration(_:)``.
    init?(profile name: ProfileName, context: CredentialContext) throws(AWSError) {
        let profile = try context.profile(name)
        guard profile["sso_account_id"] != nil || profile["sso_role_name"] != nil else { return nil }
        func fault(_ key: String, _ problem: String) -> AWSError {
            .configuration(ConfigurationFault(source: "\(key) of profile \"\(name)\"", problem: problem))
        }
        var section = INIFile.Section()
        session = profile["sso_session"]
        if let session {
            guard let found = context.settings.sharedConfig.ssoSession(session) else {
                throw fault(
                    "sso_session",
                    "there is no section [sso-session \(session.shown(limit: 80))] in the config file; add it")
            }
            section = found
        }
        func value(_ key: String) throws(AWSError) -> String {
            switch (profile[key], section.text(key)) {
            case (let own?, let shared?) where own != shared:
                throw fault(key, "the sso-session has another value; remove one of them")
            case (let own?, _): return own
            case (nil, let shared?): return shared
            case (nil, nil): throw fault(key, "it is missing; add it to sign in with SSO")
            }
        }
        accountID = try value("sso_account_id")
        roleName = try value("sso_role_name")
        startURL = try value("sso_start_url")
        let regionName = try value("sso_region")
        guard let region = Region(regionName) else {
            throw fault(
                "sso_region", "\"\(regionName.shown(limit: 80))\" is no region; a region is written like us-east-1")
        }
        self.region = region
    }
}
