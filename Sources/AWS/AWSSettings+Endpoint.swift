extension AWSSettings {
    /// Where a service is reached.
    ///
    /// - Throws: ``AWSError/noRegion`` or ``AWSError/configuration(_:)``.
    public func endpoint(for service: AWSService) throws(AWSError) -> Endpoint {
        let variant = EndpointVariant(
            usesFIPS: try isOn("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"),
            usesDualStack: try isOn("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"))
        let region = try region()
        guard let custom = try customEndpoint(for: service) else {
            return Endpoint(service, region: region, variant: variant)
        }
        return try Endpoint(custom: custom.url, origin: custom.origin, region: region, variant: variant)
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
                    problem: "there is no section [services \(name.shown(limit: 80))] in the config file"))
        }
        return section
    }

    private func isOn(_ key: String, _ variable: String) throws(AWSError) -> Bool {
        if let flag = try environment.flag(variable) { return flag }
        guard let text = profile[key] else { return false }
        return try Self.flag(text, source: "profile \"\(profileName)\"", key: key)
    }
}
