import Text

/// The place of an object, bucket and key, written `s3://bucket/key`.
///
/// Locations come from answers, so they are checked strictly: a bucket cannot change the host.
package struct S3Location: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    /// The object's name in the bucket, not percent-encoded.
    package let key: String

    /// - Returns: nil unless this is `s3://`, a bucket's name (``isBucket(_:)``) and a key of 1 to 1024 bytes without
    ///   control characters.
    package init?(_ text: String) {
        // By bytes: a slash and a combining mark after it are one character.
        let rest = text.utf8.dropFirst(5)
        guard text.utf8.starts(with: "s3://".utf8), let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            return nil
        }
        self.init(bucket: String(text[rest.startIndex..<slash]), key: String(text[text.utf8.index(after: slash)...]))
    }

    /// - Returns: nil for a bucket or a key that the other initializer does not take either.
    package init?(bucket: String, key: String) {
        guard Self.isBucket(bucket), (1...1024).contains(key.utf8.count),
            !key.hasASCIIControl
        else { return nil }
        self.bucket = bucket
        self.key = key
    }

    package var description: String { "s3://\(bucket)/\(key)".shown(limit: 1200) }

    /// S3 compares keys by their bytes; Strings are also equal that only look alike.
    package static func == (first: S3Location, second: S3Location) -> Bool {
        first.bucket == second.bucket && first.key.utf8.elementsEqual(second.key.utf8)
    }

    /// Whether S3 may have a bucket of that name: 3 to 255 letters, digits, `.`, `-` and `_`, with a letter or a digit at
    /// both ends; not an IPv4 address.
    ///
    /// New buckets have lower-case names of at most 63 characters without `_`; those made in us-east-1 before March 2018
    /// need not (S3 User Guide, "General purpose bucket naming rules").
    package static func isBucket(_ name: some StringProtocol) -> Bool {
        let bytes = Array(name.utf8)
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return (3...255).contains(bytes.count)
            && bytes.allSatisfy { $0.isASCIIAlphanumeric || "._-".utf8.contains($0) }
            && bytes.first?.isASCIIAlphanumeric == true && bytes.last?.isASCIIAlphanumeric == true
            && labels.allSatisfy { !$0.isEmpty }
            && !(labels.count == 4 && labels.allSatisfy { $0.allSatisfy(\.isDigit) })
    }

    /// Whether the bucket can be a label of a host name. Then it cannot change the host, and S3's certificate covers
    /// it.
    static func isInHost(_ bucket: String) -> Bool {
        bucket.utf8.count <= 63
            && bucket.utf8.allSatisfy { $0.isASCIILowercase || $0.isDigit || $0 == UInt8(ascii: "-") }
    }
}
