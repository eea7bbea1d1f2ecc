import AWS
import BatchExport
import HTTPTransport

/// The place that files go to, with each call's failure in the words of an upload.
struct Bucket: Sendable {
    let s3: S3Client
    let target: S3Prefix
    let kmsKey: String?

    /// Writes an object.
    ///
    /// - Returns: false if the condition does not hold.
    func put(
        _ file: UploadFile, _ condition: S3NewObject.Condition, report: @escaping @Sendable (Int) -> Void
    ) async throws -> Bool {
        let body = try file.body(report: report)
        do {
            try await s3.putObject(
                file.location,
                S3NewObject(
                    body: body, sha256: file.sha256, contentType: file.contentType, condition: condition,
                    kmsKey: kmsKey))
            return true
        } catch let error as AWSError where error.isOfCondition(condition) {
            return false
        } catch AWSError.transport(_, .unreadableBody(_, let reason), _) {
            try file.check()
            throw UploadError.altered(path: file.name, problem: "it could not be read to its end: \(reason)")
        } catch let error as AWSError where error.isOfContent {
            // Either the file has changed, which this says, or the bytes have changed on their way.
            try file.check()
            throw UploadError.service(
                .untrustedAnswer(
                    operation: "PutObject",
                    problem: "S3 has received other bytes than were sent (\(error.code ?? "no code"))"),
                file.location, permissions: "")
        } catch let error as AWSError {
            throw UploadError.service(
                error, file.location,
                permissions: "s3:PutObject" + (kmsKey == nil ? "" : ", and kms:GenerateDataKey of the key"))
        }
    }

    func remove(_ location: S3Location) async throws {
        try await call(location, permissions: "s3:DeleteObject") { try await s3.deleteObject(location) }
    }

    /// Goes through the objects below the prefix.
    func list(_ body: (S3ListPage.Object) throws -> Void) async throws {
        try await call(nil, permissions: "s3:ListBucket of \(target.bucket)") {
            try await s3.forEachObject(below: target, body)
        }
    }

    /// Reads an object to its end.
    ///
    /// - Parameter body: is given each part. By throwing it ends the reading, for example of an object that is too large.
    /// - Returns: its version; nil if there is no such object.
    func read(
        _ location: S3Location, partBytes: Int, _ body: (S3ObjectRange) throws -> Void
    ) async throws -> String? {
        var offset = 0
        var etag: String?
        while true {
            let range = offset..<offset + partBytes
            let part: S3ObjectRange
            do {
                part = try await s3.getObject(location, range: range, ifMatch: etag)
            } catch let error as AWSError where error.code == "NoSuchKey" && etag == nil {
                return nil
            } catch let error as AWSError where error.httpStatus == 416 && etag == nil {
                // The object is empty, and no part of it can be asked for.
                throw UploadError.otherObject(location, problem: "it is empty")
            } catch let error as AWSError where error.httpStatus == 412 || error.code == "NoSuchKey" {
                // After its first part, so another upload has replaced or removed it meanwhile.
                throw UploadError.contested(location)
            } catch let error as AWSError {
                throw UploadError.service(
                    error, location, permissions: "s3:GetObject, and s3:ListBucket where the object is missing")
            }
            try body(part)
            etag = part.etag
            offset = part.end
            if offset >= part.objectSize { return part.etag }
        }
    }

    func call<Answer>(
        _ location: S3Location?, permissions: String, _ body: () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await body()
        } catch let error as AWSError {
            throw UploadError.service(error, location, permissions: permissions)
        }
    }
}

extension AWSError {
    fileprivate var code: String? {
        if case .service(let error, _) = self { error.code } else { nil }
    }

    /// Whether S3 found that the body is not the one that was announced.
    fileprivate var isOfContent: Bool {
        ["BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"].contains(code)
    }

    /// Whether the object's place was not as the condition wants it.
    fileprivate func isOfCondition(_ condition: S3NewObject.Condition) -> Bool {
        switch condition {
        case .absent: httpStatus == 412
        case .version: httpStatus == 412 || code == "NoSuchKey"
        }
    }
}
