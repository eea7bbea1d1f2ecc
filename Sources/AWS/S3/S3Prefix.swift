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
        guard text.utf8.starts(with: "s3://".utf8) else { return nil }
        // By bytes: a slash and a combining mark after it are one character.
        let slash = UInt8(ascii: "/")
        let rest = text.utf8.dropFirst(5)
        let bucket = Substring(rest.prefix { $0 != slash })
        var path = rest.dropFirst(bucket.utf8.count + 1)
        if path.last == slash { path = path.dropLast() }
        let names = path.split(separator: slash, omittingEmptySubsequences: false)
        guard S3Location.isBucket(bucket), path.count <= Self.maximumBytes,
            path.allSatisfy({ $0 > .space && $0 != .delete && !"*?".utf8.contains($0) }),
            path.isEmpty || names.allSatisfy({ name in !["", ".", ".."].contains { name.elementsEqual($0.utf8) } })
        else { return nil }
        self.bucket = String(bucket)
        self.path = path.isEmpty ? "" : Substring(path) + "/"
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
