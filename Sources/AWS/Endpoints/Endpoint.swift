package import HTTPTransport
import Text

/// The address of a service, and the region for which its requests are signed.
package struct Endpoint: Sendable, Equatable {
    package let url: HTTPURL
    package let signingRegion: Region
    /// The parts of a standard address; nil for a configured one.
    private let made: Made?

    private struct Made: Equatable {
        let service: AWSService
        let variant: EndpointVariant
    }

    /// The service's own endpoint in a region.
    package init(_ service: AWSService, region: Region, variant: EndpointVariant = EndpointVariant()) {
        var variant = variant
        signingRegion = region.withoutFIPS ?? region
        if region != signingRegion { variant.usesFIPS = true }
        made = Made(service: service, variant: variant)
        url = HTTPURL(scheme: .https, host: service.host(in: signingRegion, variant))
    }

    /// The old global STS of the first partition, which serves all of its regions.
    static let globalSTS = Endpoint(
        url: HTTPURL(scheme: .https, host: "sts.amazonaws.com"), signingRegion: .usEast1)

    /// A configured endpoint. It has neither FIPS nor dual-stack (botocore's endpoint rules).
    ///
    /// - Parameter origin: what configured it, for messages.
    /// - Throws: ``AWSError/configuration(_:)``.
    package init(custom text: String, origin: String, region: Region, variant: EndpointVariant) throws(AWSError) {
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

    /// Whether the address is a configured one.
    var isCustom: Bool { made == nil }

    /// The same service in another region. A configured endpoint keeps its address; only the signature changes.
    func inRegion(_ region: Region) -> Endpoint {
        guard let made else { return Endpoint(url: url, signingRegion: region) }
        return region == signingRegion ? self : Endpoint(made.service, region: region, variant: made.variant)
    }
}
