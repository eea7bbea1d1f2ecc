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
        func fault(_ problem: String) -> AWSError { .untrustedAnswer(operation: "HeadObject", problem: problem) }
        guard response.status == 200 else {
            throw fault("the request was for all of the object, but the answer is HTTP \(response.status)")
        }
        guard let etag = response.etag else {
            throw fault("the answer has no ETag, so one version of the object cannot be told from another")
        }
        self.etag = etag
        size = response.headers["Content-Length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
        sha256 = response.headers[S3Checksum.header].flatMap { S3Checksum(base64: $0) }?.hexadecimal
    }
}
