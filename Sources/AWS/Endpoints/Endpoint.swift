public import HTTPTransport

/// Where a service is reached, and the region that requests to it are signed for.
public struct Endpoint: Sendable, Equatable {
    public let url: HTTPURL
    public let signingRegion: Region
    /// What the address was made of; nil for one that somebody configured.
    private let made: Made?

    private struct Made: Equatable {
        let service: AWSService
        let variant: EndpointVariant
    }

    /// The service's own endpoint in a region.
    public init(_ service: AWSService, region: Region, variant: EndpointVariant = EndpointVariant()) {
        var variant = variant
        signingRegion = region.withoutFIPS ?? region
        if region != signingRegion { variant.usesFIPS = true }
        made = Made(service: service, variant: variant)
        url = HTTPURL(scheme: .https, host: service.host(in: signingRegion, variant))
    }

    /// STS for all regions of the first partition at once, as it was before it had regions.
    static let globalSTS = Endpoint(
        url: HTTPURL(scheme: .https, host: "sts.amazonaws.com"), signingRegion: .usEast1)

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
        made = nil
    }

    private init(url: HTTPURL, signingRegion: Region) {
        self.url = url
        self.signingRegion = signingRegion
        made = nil
    }

    /// Whether somebody configured the address.
    var isCustom: Bool { made == nil }

    /// The same service in another region; of a configured endpoint, the same address with another signature.
    func inRegion(_ region: Region) -> Endpoint {
        guard let made else { return Endpoint(url: url, signingRegion: region) }
        return region == signingRegion ? self : Endpoint(made.service, region: region, variant: made.variant)
    }
}
