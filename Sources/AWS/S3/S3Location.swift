/// Where an object lies: bucket and key, as `s3://bucket/key` says.
///
/// Locations come out of answers, so they are read strictly: no bucket can turn a host into another one.
public struct S3Location: Sendable, Hashable, CustomStringConvertible {
    public let bucket: String
    /// The object's name in the bucket, not percent-encoded.
    public let key: String

    /// - Returns: nil unless this is `s3://`, a bucket's name (S3 User Guide, "General purpose bucket naming rules")
    ///   and a key of 1 to 1024 bytes without control characters.
    public init?(_ text: String) {
        guard text.hasPrefix("s3://") else { return nil }
        let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isBucket(parts[0]), (1...1024).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { return nil }
        bucket = String(parts[0])
        key = String(parts[1])
    }

    public var description: String { "s3://\(bucket)/\(key)".shown(limit: 1200) }

    /// Labels of lower-case letters, digits and inner hyphens; not an IPv4 address.
    private static func isBucket(_ name: Substring) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return (3...63).contains(name.utf8.count)
            && labels.allSatisfy { label in
                label.utf8.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || $0 == UInt8(ascii: "-") }
                    && !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
            }
            && !(labels.count == 4 && labels.allSatisfy { $0.utf8.allSatisfy(\.isASCIIDigit) })
    }
}
