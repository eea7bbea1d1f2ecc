import Text

/// A place in a bucket that objects lie below: `s3://bucket/exports/customers/`.
package struct S3Prefix: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    /// What the keys begin with: empty for the whole bucket, or ending in `/`.
    package let path: String

    /// Leaves room for names below it: a key has 1024 bytes at most.
    private static let maximumBytes = 700

    /// - Parameter text: with or without `/` at its end.
    /// - Returns: nil unless this is `s3://`, a bucket's name and perhaps a path of at most 700 bytes, without blanks,
    ///   control characters, `*` and `?`, which the readers of such places take for something else, and without empty
    ///   names, `.` and `..`.
    package init?(_ text: String) {
        guard text.hasPrefix("s3://") else { return nil }
        let rest = text.dropFirst(5)
        let bucket = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(bucket.count + 1)
        if path.hasSuffix("/") { path.removeLast() }
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard S3Location.isBucket(bucket), path.utf8.count <= Self.maximumBytes,
            path.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f && $0 != "*" && $0 != "?" }),
            path.isEmpty || names.allSatisfy({ !["", ".", ".."].contains($0) })
        else { return nil }
        self.bucket = String(bucket)
        self.path = path.isEmpty ? "" : path + "/"
    }

    /// The object of a path below.
    ///
    /// - Returns: nil if the key would be none.
    package func location(of relativePath: String) -> S3Location? {
        S3Location(bucket: bucket, key: path + relativePath)
    }

    /// Ends in `/`.
    package var url: String { "s3://\(bucket)/\(path)" }

    package var description: String { url.shown(limit: 1200) }
}
