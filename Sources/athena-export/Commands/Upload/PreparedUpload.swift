import AWS
import BatchExport
import Upload

/// An upload whose arguments are right.
struct PreparedUpload {
    let published: PublishedManifest
    let options: UploadOptions
    let storage: Storage

    func execute(_ report: UploadReport) async -> ExitStatus {
        let progress = ProgressReporter(
            console: report.console, isShown: report.options.progress.isShown,
            logger: report.options.progress == .never ? nil : report.logger, figures: UploadFigures())
        let upload = Upload(published, options, to: storage.s3, logger: report.logger, report: { progress.report($0) })
        let result: Result<Void, any Error> = await progress.show {
            do {
                return .success(try await interruptible { try await upload.run() })
            } catch {
                return .failure(error)
            }
        }
        return report.ended(
            UploadEnd(
                result, upload.outcome, table: published.manifest.table, url: options.target.url,
                requests: storage.requests.counts()))
    }
}
