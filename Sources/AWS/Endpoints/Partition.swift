import Text

/// A group of regions with its own names (botocore, `partitions.json`).
package struct Partition: Sendable, Equatable {
    /// The name in ARNs: `aws`, `aws-cn`.
    package let id: String
    package let dnsSuffix: String
    package let dualStackSuffix: String
    /// The beginnings of region names, before `-south-1` and the like.
    private let regionPrefixes: [String]

    package static let aws = Partition(
        id: "aws", dnsSuffix: "amazonaws.com", dualStackSuffix: "api.aws",
        regionPrefixes: ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"])

    static let all = [
        aws,
        Partition(
            id: "aws-cn", dnsSuffix: "amazonaws.com.cn", dualStackSuffix: "api.amazonwebservices.com.cn",
            regionPrefixes: ["cn"]),
        Partition(
            id: "aws-us-gov", dnsSuffix: "amazonaws.com", dualStackSuffix: "api.aws", regionPrefixes: ["us-gov"]),
        Partition(
            id: "aws-iso", dnsSuffix: "c2s.ic.gov", dualStackSuffix: "api.aws.ic.gov", regionPrefixes: ["us-iso"]),
        Partition(
            id: "aws-iso-b", dnsSuffix: "sc2s.sgov.gov", dualStackSuffix: "api.aws.scloud",
            regionPrefixes: ["us-isob"]),
        Partition(
            id: "aws-iso-e", dnsSuffix: "cloud.adc-e.uk", dualStackSuffix: "api.cloud-aws.adc-e.uk",
            regionPrefixes: ["eu-isoe"]),
        Partition(
            id: "aws-iso-f", dnsSuffix: "csp.hci.ic.gov", dualStackSuffix: "api.aws.hci.ic.gov",
            regionPrefixes: ["us-isof"]),
        Partition(
            id: "aws-eusc", dnsSuffix: "amazonaws.eu", dualStackSuffix: "api.amazonwebservices.eu",
            regionPrefixes: ["eusc-de"]),
    ]

    /// Whether a name is a prefix, a word and a number: `us` + `-east-1`.
    func contains(_ region: Region) -> Bool {
        let parts = region.name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, let number = parts.last, !number.isEmpty, number.utf8.allSatisfy(\.isDigit),
            !parts[parts.count - 2].isEmpty
        else { return false }
        return regionPrefixes.contains(parts.dropLast(2).joined(separator: "-"))
    }
}
