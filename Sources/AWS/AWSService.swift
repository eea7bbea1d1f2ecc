/// A service that this program talks to, by its endpoint prefix, which is its signing name as well.
public enum AWSService: String, Sendable, CaseIterable {
    case athena, s3, sts

    /// `AWS_ENDPOINT_URL_ATHENA`.
    var endpointVariable: String { "AWS_ENDPOINT_URL_\(rawValue.uppercased())" }

    /// The first part of the host name. S3's dual-stack hosts are older than the scheme of the others.
    func hostPrefix(_ variant: EndpointVariant) -> String {
        switch (self, variant.usesFIPS, variant.usesDualStack) {
        case (.s3, false, true): "s3.dualstack"
        case (.s3, true, true): "s3-fips.dualstack"
        case (_, true, _): "\(rawValue)-fips"
        case (_, false, _): rawValue
        }
    }

    func dnsSuffix(_ partition: Partition, _ variant: EndpointVariant) -> String {
        variant.usesDualStack && self != .s3 ? partition.dualStackSuffix : partition.dnsSuffix
    }
}

/// Which kind of host is wanted.
public struct EndpointVariant: Sendable, Equatable {
    /// Hosts whose cryptography is validated by FIPS 140.
    public var usesFIPS: Bool
    /// Hosts that have IPv6 addresses too.
    public var usesDualStack: Bool

    public init(usesFIPS: Bool = false, usesDualStack: Bool = false) {
        self.usesFIPS = usesFIPS
        self.usesDualStack = usesDualStack
    }
}
