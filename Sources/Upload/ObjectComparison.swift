import AWS
import Digest

extension Bucket {
    /// Of an object that is read for want of a checksum. Several are read at a time.
    private static let partBytes = 2 << 20

    /// Whether an object is there and has a file's content.
    ///
    /// - Returns: false if there is none.
    /// - Throws: ``UploadError/otherObject(_:problem:)`` if it has another content.
    func has(_ file: UploadFile) async throws -> Bool {
        let info = try await call(file.location, permissions: "s3:GetObject, and kms:Decrypt where KMS encrypts") {
            try await s3.headObject(file.location)
        }
        guard let info else { return false }
        guard let digest = try await digest(of: file, info) else { return false }
        guard digest == file.sha256 else {
            throw UploadError.otherObject(
                file.location,
                problem: "it is there already and has SHA-256 \(digest), the manifest says \(file.sha256)")
        }
        return true
    }

    /// S3 keeps the SHA-256 of what was sent with one. What another tool has put there is read.
    private func digest(of file: UploadFile, _ info: S3ObjectInfo) async throws -> String? {
        if let sha256 = info.sha256 { return sha256 }
        var digest = SHA256()
        let etag = try await read(file.location, partBytes: Self.partBytes) { part in
            try file.compare(withObjectOf: part.objectSize)
            digest.update(part.bytes)
        }
        return etag == nil ? nil : digest.finalize().hexadecimal
    }
}
