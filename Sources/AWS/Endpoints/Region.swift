import Text

/// The name of an AWS region, which can safely stand in a host name.
package struct Region: Sendable, Hashable, CustomStringConvertible {
    /// `us-east-1`.
    package let name: String

    /// - Returns: nil unless the name is a label of a host name: 1 to 63 lower-case letters, digits and hyphens, at
    ///   least one letter, no hyphen at either end. So a region cannot change the host.
    package init?(_ name: String) {
        guard (1...63).contains(name.utf8.count), name.utf8.contains(where: \.isASCIILowercase),
            name.utf8.allSatisfy({ $0.isASCIILowercase || $0.isDigit || $0 == UInt8(ascii: "-") }),
            !name.hasPrefix("-"), !name.hasSuffix("-")
        else { return nil }
        self.name = name
    }

    /// The region in whose name requests to global services are signed.
    static let usEast1 = Region(known: "us-east-1")

    private init(known name: String) { self.name = name }

    package var description: String { name }

    /// The region without FIPS, for the pseudo-regions `fips-us-east-1` and `us-east-1-fips`; nil for others.
    var withoutFIPS: Region? {
        if name.hasPrefix("fips-") { return Region(String(name.dropFirst(5))) }
        if name.hasSuffix("-fips") { return Region(String(name.dropLast(5))) }
        return nil
    }

    /// The partition of the region; `aws` for names that fit none.
    package var partition: Partition {
        Partition.all.first { $0.contains(self) } ?? .aws
    }
}
