import HTTPTransport

/// Settings for requests to the metadata service.
struct InstanceMetadataSettings {
    let endpoint: HTTPURL
    /// To connect, and the same again to answer.
    let timeout: Duration
    let attempts: Int
    /// Whether version 1 is allowed, which needs no token.
    let allowsVersion1: Bool

    /// - Returns: nil if the metadata service is disabled.
    /// - Throws: ``AWSError/configuration(_:)``.
    init?(_ settings: AWSSettings) throws(AWSError) {
        // As in botocore, every value but `true` leaves it enabled.
        if settings.environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
        endpoint = try Self.endpoint(settings)
        timeout = .seconds(
            try settings.number("metadata_service_timeout", "AWS_METADATA_SERVICE_TIMEOUT", in: 1...60) ?? 1)
        attempts =
            try settings.number("metadata_service_num_attempts", "AWS_METADATA_SERVICE_NUM_ATTEMPTS", in: 1...10) ?? 1
        allowsVersion1 = try !settings.isOn("ec2_metadata_v1_disabled", "AWS_EC2_METADATA_V1_DISABLED")
    }

    private static func endpoint(_ settings: AWSSettings) throws(AWSError) -> HTTPURL {
        let key = "ec2_metadata_service_endpoint"
        if let (text, origin) = settings.value(key, "AWS_EC2_METADATA_SERVICE_ENDPOINT") {
            guard let url = try? HTTPURL(parsing: text), url.query == nil else {
                throw .configuration(
                    ConfigurationFault(source: origin, problem: "it is no address such as http://169.254.169.254"))
            }
            return url
        }
        let mode = settings.value("ec2_metadata_service_endpoint_mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
        switch mode?.text.lowercased() {
        case nil, "ipv4": return HTTPURL(scheme: .http, host: "169.254.169.254")
        case "ipv6": return HTTPURL(scheme: .http, host: "[fd00:ec2::254]")
        default:
            throw .configuration(
                ConfigurationFault(
                    source: mode?.origin ?? "", problem: "it is neither IPv4 nor IPv6; write one of them"))
        }
    }
}

extension AWSSettings {
    /// A variable or the profile's key, with its name.
    fileprivate func value(_ key: String, _ variable: String) -> (text: String, origin: String)? {
        environment[variable].map { ($0, variable) } ?? profile[key].map { ($0, inProfile(key)) }
    }

    fileprivate func number(_ key: String, _ variable: String, in range: ClosedRange<Int>) throws(AWSError) -> Int? {
        guard let (text, origin) = value(key, variable) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .configuration(
                ConfigurationFault(
                    source: origin, problem: "it is no number from \(range.lowerBound) to \(range.upperBound)"))
        }
        return number
    }
}
