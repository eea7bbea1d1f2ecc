import AWS
import BatchExport
import Logging
import Upload

/// The upload that a run ends with.
struct RunUpload {
    let target: S3Prefix
    let kmsKey: String?
    let s3: S3Client
    let logger: Logger

    /// - Returns: nil for a run that uploads nothing.
    init?(_ configuration: ExportConfiguration, _ s3: S3Client?, logger: Logger) {
        guard let target = configuration.upload, let s3 else { return nil }
        self.target = target
        kmsKey = configuration.kmsKey
        self.s3 = s3
        self.logger = logger
    }

    /// Uploads what the journal's directory has, and notes that nothing is pending any more.
    ///
    /// - Throws: ``RunUploadError``; `CancellationError`.
    func execute(_ journal: ExportJournal, report: @escaping @Sendable (UploadProgress) -> Void) async throws {
        do {
            guard let published = try PublishedManifest(in: journal.directory.path) else {
                throw ExportError.untrusted(
                    path: journal.directory.manifest, problem: "the file is missing, though a run has written it",
                    remedy: "put it back")
            }
            var options = UploadOptions(target: target)
            options.kmsKey = kmsKey
            let upload = Upload(published, options, to: s3, logger: logger, report: report)
            try await upload.run()
            let outcome = upload.outcome
            logger.info(
                "uploaded to \(target)",
                metadata: [
                    "event": "upload_succeeded", "url": "\(target)", "files": .stringConvertible(outcome.files),
                    "sent": .stringConvertible(outcome.sent), "sent_bytes": .stringConvertible(outcome.sentBytes),
                    "present": .stringConvertible(outcome.present),
                ])
            try await journal.finishUpload()
        } catch let error where !(error is CancellationError) {
            throw RunUploadError(cause: error)
        }
    }
}

/// The rows of a run are in files, and the files are not in the bucket.
struct RunUploadError: Error, CustomStringConvertible {
    let cause: any Error

    var description: String {
        "\(cause); every row is in a file, and the same command continues the upload without a query"
    }
}
