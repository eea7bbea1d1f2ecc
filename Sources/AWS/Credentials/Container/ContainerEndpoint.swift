import HTTPTransport
import Text

/// The address at which a container gets credentials, and the hosts that are allowed there.
enum ContainerEndpoint {
    static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"

    /// This machine, ECS, and EKS over IPv4.
    private static let hosts: Set<String> = ["localhost", "169.254.170.2", "169.254.170.23"]

    /// - Returns: nil if neither variable is set.
    /// - Throws: ``AWSError/configuration(_:)`` for an invalid address and for a host that is not allowed.
    static func url(_ environment: AWSEnvironment) throws(AWSError) -> HTTPURL? {
        if let path = environment[relative] {
            // Without the slash, the text could extend the host name.
            guard path.hasPrefix("/") else { throw fault(relative, "it does not begin with a slash") }
            return try parse("http://169.254.170.2\(path)", relative)
        }
        guard let text = environment[full] else { return nil }
        let url = try parse(text, full)
        guard isAllowed(url) else {
            throw fault(
                full,
                "\(url.host) must not be used without TLS; allowed are https, this machine, and the addresses "
                    + "169.254.170.2, 169.254.170.23 and [fd00:ec2::23]")
        }
        return url
    }

    private static func parse(_ text: String, _ variable: String) throws(AWSError) -> HTTPURL {
        do throws(HTTPURLError) {
            return try HTTPURL(parsing: text)
        } catch {
            throw fault(variable, "\(error)".shown(limit: 500))
        }
    }

    private static func fault(_ variable: String, _ problem: String) -> AWSError {
        .configuration(ConfigurationFault(source: variable, problem: problem))
    }

    /// Without TLS, only hosts that are this machine or next to it (botocore, `ContainerMetadataFetcher`). The host is
    /// the parsed one, so no other spelling of an address passes.
    private static func isAllowed(_ url: HTTPURL) -> Bool {
        if url.scheme == .https || hosts.contains(url.host) { return true }
        if let address = IPv6Address(url.host) { return address == .loopback || address == .podIdentity }
        let parts = url.host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// An IPv6 address in its brackets, by value: one address has many spellings.
private struct IPv6Address: Equatable {
    private let groups: [UInt16]

    static let loopback = IPv6Address("[::1]")
    static let podIdentity = IPv6Address("[fd00:ec2::23]")

    /// - Returns: nil for an invalid address, and for the form that ends in an IPv4 address.
    init?(_ host: String) {
        guard host.hasPrefix("["), host.hasSuffix("]") else { return nil }
        let text = host.dropFirst().dropLast()
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = Self.groups(text), groups.count == 8 else { return nil }
            self.groups = groups
            return
        }
        guard let head = Self.groups(text[..<gap.lowerBound]), let tail = Self.groups(text[gap.upperBound...]),
            head.count + tail.count < 8
        else { return nil }
        groups = head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard part.count <= 4, part.utf8.allSatisfy(\.isASCIIAlphanumeric), let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}
