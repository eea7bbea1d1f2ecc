struct AWSConfiguration {
    let endpoint: String?
    init(_ options: RunOptions, _ settings: Settings) throws(ConfigurationError) {
        endpoint = try settings.string("--endpoint-url", options.endpointURL, "endpoint_url")?.value
    }
}
