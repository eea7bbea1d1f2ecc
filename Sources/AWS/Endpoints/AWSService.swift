/// A service of AWS. The raw value is its name in variables and in `[services …]` sections.
package enum AWSService: String, Sendable, CaseIterable {
    case athena, s3, sts
    /// The portal that gives credentials to signed-in users.
    case sso
    /// The sign-in itself.
    case ssoOIDC = "sso_oidc"

    /// `AWS_ENDPOINT_URL_ATHENA`.
    var endpointVariable: String { "AWS_ENDPOINT_URL_\(rawValue.uppercased())" }

    /// The service's name in signatures.
    var signingName: String {
        switch self {
        case .athena, .s3, .sts: rawValue
        case .sso: "awsssoportal"
        case .ssoOIDC: "sso-oauth"
        }
    }

    private var endpointPrefix: String {
        switch self {
        case .athena, .s3, .sts: rawValue
        case .sso: "portal.sso"
        case .ssoOIDC: "oidc"
        }
    }

    /// The host in a region (botocore, `endpoint-rule-set-1.json` of each service).
    func host(in region: Region, _ variant: EndpointVariant) -> String {
        let partition = region.partition
        switch (self, variant.usesFIPS, variant.usesDualStack) {
        // S3's dual-stack hosts are older than the scheme of the others.
        case (.s3, let usesFIPS, true):
            return "\(usesFIPS ? "s3-fips" : "s3").dualstack.\(region).\(partition.dnsSuffix)"
        // In GovCloud, these services have FIPS hosts only.
        case (.sts, true, false), (.sso, true, false), (.ssoOIDC, true, false):
            let isGovCloud = partition.id == "aws-us-gov"
            return "\(endpointPrefix)\(isGovCloud ? "" : "-fips").\(region).\(partition.dnsSuffix)"
        case (_, let usesFIPS, let usesDualStack):
            let suffix = usesDualStack ? partition.dualStackSuffix : partition.dnsSuffix
            return "\(endpointPrefix)\(usesFIPS ? "-fips" : "").\(region).\(suffix)"
        }
    }
}

/// Which kind of host is used.
package struct EndpointVariant: Sendable, Equatable {
    /// Hosts whose cryptography is validated by FIPS 140.
    package var usesFIPS: Bool
    /// Hosts that have IPv6 addresses too.
    package var usesDualStack: Bool

    package init(usesFIPS: Bool = false, usesDualStack: Bool = false) {
        self.usesFIPS = usesFIPS
        self.usesDualStack = usesDualStack
    }
}
