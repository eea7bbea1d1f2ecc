import HTTPTransport

/// What S3 says of an object without sending its bytes.
package struct S3ObjectInfo: Sendable, Equatable {
    /// The ETag of this version of the object, quotes included. It is no digest.
    package let etag: String
    /// In bytes; nil if the answer does not say.
    package let size: Int?
    /// The SHA-256 of the whole object, as 64 lower-case hexadecimal digits; nil if S3 keeps none, because the object was
    /// written without it or in several parts.
    package let sha256: String?

    /// Reads the answer to HEAD.
    init(_ response: HTTPResponse) throws(AWSError) {
        guard let etag = response.headers["ETag"], !etag.isEmpty, etag.utf8.count <= 256 else {
            throw .untrustedAnswer(
                operation: "HeadObject",
                problem: "the answer has no ETag, so one version of the object cannot be told from another")
        }
        self.etag = etag
        size = response.headers["Content-Length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
        sha256 = response.headers[S3Checksum.header].flatMap { S3Checksum(base64: $0) }?.hexadecimal
    }
}
