import Text

/// A place in an object store: `s3://bucket/exports/customers`.
package struct ObjectPrefix: Sendable, Equatable {
    /// Without `/` at its end.
    package let url: String
    /// As in the text. The store checks the bucket's name; here it is only not empty.
    package let bucket: String

    /// - Parameter schemes: those that are allowed.
    /// - Returns: nil for anything but a scheme, a bucket, and perhaps a prefix, all of plain characters.
    package init?(_ text: String, schemes: [String]) {
        guard let scheme = schemes.first(where: { text.hasPrefix("\($0)://") }) else { return nil }
        let path = text.dropFirst(scheme.utf8.count + 3)
        let isPlain = !path.hasASCIIControl && !path.unicodeScalars.contains { $0 == " " || $0 == "*" || $0 == "?" }
        let bucket = path.prefix { $0 != "/" }
        guard !bucket.isEmpty, isPlain else { return nil }
        self.bucket = String(bucket)
        var url = text
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url
    }
}
