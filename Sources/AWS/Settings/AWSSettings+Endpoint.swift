import Text

extension AWSSettings {
    /// The endpoint of a service.
    ///
    /// - Parameter region: by default, the region of all requests.
    /// - Throws: ``AWSError/noRegion`` or ``AWSError/configuration(_:)``.
    package func endpoint(for service: AWSService, in region: Region? = nil) throws(AWSError) -> Endpoint {
        let variant = EndpointVariant(
            usesFIPS: try isOn("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"),
            usesDualStack: try isOn("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"))
        let region = if let region { region } else { try self.region() }
        if let custom = try customEndpoint(for: service) {
            return try Endpoint(custom: custom.url, origin: custom.origin, region: region, variant: variant)
        }
        if service == .sts, variant == EndpointVariant(), try usesGlobalSTS(in: region) { return .globalSTS }
        return Endpoint(service, region: region, variant: variant)
    }

    /// Regions older than the regional STS. `legacy` means the global STS for them (botocore, endpoint rules of STS).
    private static let regionsOfGlobalSTS: Set<String> = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    ]

    private func usesGlobalSTS(in region: Region) throws(AWSError) -> Bool {
        let (variable, key) = ("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints")
        guard let choice = environment[variable] ?? profile[key] else { return false }
        switch choice.lowercased() {
        case "legacy": return Self.regionsOfGlobalSTS.contains(region.name)
        case "regional": return false
        default:
            throw .configuration(
                ConfigurationFault(
                    source: environment[variable] == nil ? inProfile(key) : variable,
                    problem: "it is neither regional nor legacy; write one of them"))
        }
    }

    /// The configured endpoint, in the order of the SDKs.
    private func customEndpoint(for service: AWSService) throws(AWSError) -> (url: String, origin: String)? {
        if let url = explicit.endpointURL { return (url, "endpoint URL") }
        if try isOn("ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") { return nil }
        for variable in [service.endpointVariable, "AWS_ENDPOINT_URL"] {
            if let url = environment[variable] { return (url, variable) }
        }
        if let url = try servicesSection()?.text(service.rawValue, "endpoint_url") {
            return (url, "endpoint_url of \(service.rawValue) in the services of profile \"\(profileName)\"")
        }
        return profile["endpoint_url"].map { ($0, inProfile("endpoint_url")) }
    }

    private func servicesSection() throws(AWSError) -> INIFile.Section? {
        guard let name = profile["services"] else { return nil }
        guard let section = sharedConfig.services(name) else {
            throw .configuration(
                ConfigurationFault(
                    source: inProfile("services"),
                    problem: "there is no section [services \(name.shown(limit: 80))] in the config file; add it"))
        }
        return section
    }

    func isOn(_ key: String, _ variable: String) throws(AWSError) -> Bool {
        if let flag = try environment.flag(variable) { return flag }
        guard let text = profile[key] else { return false }
        return try Self.flag(text, source: "profile \"\(profileName)\"", key: key)
    }
}
