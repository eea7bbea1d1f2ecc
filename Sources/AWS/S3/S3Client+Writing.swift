package import HTTPTransport

/// What becomes an object, and on which condition.
package struct S3NewObject: Sendable {
    /// What must be in the object's place for it to be written.
    package enum Condition: Sendable, Equatable {
        case absent
        /// The version with this ETag.
        case version(String)
    }

    package var body: HTTPBodySource
    /// Of the body, as 64 hexadecimal digits: S3 refuses a body that has another.
    package var sha256: String
    package var contentType: String
    package var condition: Condition
    /// The KMS key that S3 encrypts the object with: its ARN, id or alias. Nil for what the bucket does by itself.
    package var kmsKey: String?

    package init(
        body: HTTPBodySource, sha256: String, contentType: String, condition: Condition, kmsKey: String? = nil
    ) {
        self.body = body
        self.sha256 = sha256
        self.contentType = contentType
        self.condition = condition
        self.kmsKey = kmsKey
    }
}

extension S3Client {
    /// Writes an object in one request, which S3 takes up to 5 GB (S3 User Guide, "Uploading objects").
    ///
    /// An attempt that is repeated after a lost answer may find the object that it has written itself, and fails with
    /// HTTP status 412 as if another program had.
    ///
    /// - Throws: ``AWSError``; with HTTP status 412, or 404, if the condition does not hold.
    package func putObject(_ location: S3Location, _ object: S3NewObject) async throws {
        guard let checksum = S3Checksum(hexadecimal: object.sha256) else {
            throw AWSError.configuration(
                ConfigurationFault(source: "\(location)", problem: "the SHA-256 of its content is not 64 digits"))
        }
        try await call("PutObject", bucket: location.bucket) { endpoint in
            var headers = self.headers
            headers["Content-Type"] = object.contentType
            headers["X-Amz-Content-SHA256"] = checksum.hexadecimal
            headers[S3Checksum.header] = checksum.base64
            switch object.condition {
            case .absent: headers["If-None-Match"] = "*"
            case .version(let etag): headers["If-Match"] = etag
            }
            if let kmsKey = object.kmsKey {
                headers["x-amz-server-side-encryption"] = "aws:kms"
                headers["x-amz-server-side-encryption-aws-kms-key-id"] = kmsKey
            }
            var limits = HTTPLimits()
            // A large object may take long; one that makes no progress ends sooner, by the limit for that.
            limits.total += .seconds(object.body.length / Self.slowestUpload)
            var request = HTTPRequest(
                method: "PUT", url: endpoint.url(of: location), headers: headers, limits: limits)
            request.bodySource = object.body
            return request
        } decode: { response in
            // The ETag is not asked for: stores that are only like S3 may leave it out.
            try Self.expectConfirmation(response, of: "PutObject", by: [200])
            guard let echo = response.headers[S3Checksum.header] else { return }
            guard S3Checksum(base64: echo) == checksum else {
                throw AWSError.untrustedAnswer(
                    operation: "PutObject", problem: "S3 says that it has stored another SHA-256 than was sent")
            }
        }
    }

    /// Removes an object; one that is not there is no error.
    package func deleteObject(_ location: S3Location) async throws {
        try await call("DeleteObject", bucket: location.bucket) { endpoint in
            HTTPRequest(method: "DELETE", url: endpoint.url(of: location), headers: headers)
        } decode: { response in
            try Self.expectConfirmation(response, of: "DeleteObject", by: [200, 204])
        }
    }

    /// S3 confirms a change by the status and the header fields alone. An answer with a body is another program's, such
    /// as a proxy's page.
    private static func expectConfirmation(
        _ response: HTTPResponse, of operation: String, by statuses: Set<Int>
    ) throws(AWSError) {
        guard statuses.contains(response.status), response.body.isEmpty else {
            throw .untrustedAnswer(
                operation: operation,
                problem: "the answer is HTTP \(response.status) with \(response.body.count) bytes, and not how S3 "
                    + "confirms a change")
        }
    }

    /// Bytes a second below which an upload is given up.
    private static let slowestUpload = 32 << 10
}
