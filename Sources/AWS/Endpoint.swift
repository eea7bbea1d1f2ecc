public import HTTPTransport

/// Where a service is reached, and the region that requests to it are signed for.
public struct Endpoint: Sendable, Equatable {
    public let url: HTTPURL
    public let signingRegion: Region

    /// The service's own endpoint in a region.
    public init(_ service: AWSService, region: Region, variant: EndpointVariant = EndpointVariant()) {
        var variant = variant
        signingRegion = region.withoutFIPS ?? region
        if region != signingRegion { variant.usesFIPS = true }
        let suffix = service.dnsSuffix(signingRegion.partition, variant)
        url = HTTPURL(scheme: .https, host: "\(service.hostPrefix(variant)).\(signingRegion).\(suffix)")
    }

    /// An endpoint that somebody configured, which takes neither variant (botocore's endpoint rules).
    ///
    /// - Parameter origin: what configured it, for messages.
    /// - Throws: ``AWSError/configuration(_:)``.
    public init(custom text: String, origin: String, region: Region, variant: EndpointVariant) throws(AWSError) {
        guard variant == EndpointVariant(), region.withoutFIPS == nil else {
            throw .configuration(
                ConfigurationFault(
                    source: origin,
                    problem: "an endpoint of your own cannot be combined with FIPS or dual-stack endpoints; drop one"))
        }
        do throws(HTTPURLError) {
            url = try HTTPURL(parsing: text)
        } catch {
            throw .configuration(ConfigurationFault(source: origin, problem: "\(error)".shown(limit: 500)))
        }
        guard url.query == nil else {
            throw .configuration(ConfigurationFault(source: origin, problem: "an endpoint has no query part; drop it"))
        }
        signingRegion = region
    }
}
