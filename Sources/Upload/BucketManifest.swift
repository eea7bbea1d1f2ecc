import AWS
import BatchExport

/// The manifest that the bucket has.
enum BucketManifest: Sendable {
    case absent
    /// It is ours, byte for byte.
    case same
    /// An earlier one of the same directory.
    case older(etag: String)

    private static let partBytes = 8 << 20

    /// Reads it.
    ///
    /// - Parameter mayFollowFiles: whether files may have been sent before.
    /// - Throws: ``UploadError/otherManifest(_:problem:mayFollowFiles:)`` if it is not one that ours may replace.
    init(
        in bucket: Bucket, comparedWith own: PublishedManifest, at location: S3Location, mayFollowFiles: Bool = false
    ) async throws {
        func refuse(_ problem: String) -> UploadError {
            .otherManifest(location, problem: problem, mayFollowFiles: mayFollowFiles)
        }
        var bytes: [UInt8] = []
        let etag: String?
        do {
            etag = try await bucket.read(location, partBytes: Self.partBytes) { part in
                guard part.objectSize <= PublishedManifest.maximumBytes else {
                    throw refuse("it has \(part.objectSize) bytes, more than any manifest of this program")
                }
                bytes += part.bytes
            }
        } catch UploadError.otherObject(_, let problem) {
            throw refuse(problem)
        }
        guard let etag else {
            self = .absent
            return
        }
        guard bytes != own.bytes else {
            self = .same
            return
        }
        let other: Manifest
        do {
            other = try PublishedManifest.parse(bytes)
        } catch {
            throw refuse("it is no manifest of this program (\(error))")
        }
        if let difference = own.manifest.difference(toEarlier: other) { throw refuse(difference) }
        self = .older(etag: etag)
    }
}
