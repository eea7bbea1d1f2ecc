import ArgumentParser
import AWS
import BatchExport
import Logging
import Upload

/// Puts a table's files into a bucket.
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Put a table's files into a bucket of S3, the manifest last.",
        discussion: """
            Brings the bucket to what manifest.json says, in the order that keeps a reader right: rows and deletes, the \
            manifests for COPY of Redshift if they are wanted, and manifest.json last. S3 compares each file with the \
            SHA-256 that the manifest lists. What is there is not sent again, and nothing but manifest.json is ever \
            replaced, so the same command continues an upload that was stopped.

            Exit status: 0 the bucket has all that the manifest lists; 64 wrong arguments; 65 a file is not what the \
            manifest lists, or the bucket holds something else in its place, a newer manifest or another table; 66 no \
            such directory or manifest; 74 a file cannot be read, or the summary could not be written; 75 try again \
            later, the same command continues; 77 credentials; 78 configuration, such as a bucket that does not exist; \
            129, 130, 143 stopped by SIGHUP, SIGINT, SIGTERM.
            """)

    @Argument(
        help: ArgumentHelp("The table's directory: the one with manifest.json.", valueName: "dir"),
        completion: .directory)
    var directory: String

    @Argument(
        help: ArgumentHelp("Where its files go: a prefix for this table alone.", valueName: "s3://bucket/prefix/"))
    var url: String

    @OptionGroup var arguments: UploadArguments

    func run() async throws {
        let console = Console()
        let options = try arguments.asRunOptions()
        let file = Result { () throws(ConfigurationError) in try ConfigurationFile(options) }
        let settings = SettingsLookup(options: options, file: (try? file.get()) ?? nil)
        let reporting = ReportingOptions(asFarAsRight: settings)
        let logger = Logger(reporting, console)
        let report = UploadReport(options: reporting, console: console, logger: logger)
        let upload: PreparedUpload
        do {
            upload = try prepare(try file.get(), options, settings, logger)
        } catch {
            throw report.ended(UploadEnd(failed: error, url: url))
        }
        let status = await upload.execute(report)
        guard status == .success else { throw status }
    }

    private func prepare(
        _ file: ConfigurationFile?, _ options: RunOptions, _ settings: SettingsLookup, _ logger: Logger
    ) throws -> PreparedUpload {
        var mistakes = ConfigurationMistakes()
        mistakes.add(file?.mistakes ?? [])
        let target = mistakes.collect(try UploadTarget.parse(url, .option("upload")))
        let aws = mistakes.collect(try AWSConfiguration(options, settings))
        // What is wrong with the directory shows later.
        let manifest = Result { try PublishedManifest(in: try TableDirectory.path(directory, purpose: "upload")) }
        let table = (try? manifest.get())?.manifest.table
        let tableSettings = SettingsLookup(options: options, file: table.flatMap { file?.forTable(named: $0) } ?? file)
        let owner = mistakes.collect(try tableSettings.expectedBucketOwner())
        let kmsKey = mistakes.collect(try tableSettings.kmsKey())
        let reporting = mistakes.collect(try ReportingOptions(settings))
        try mistakes.check()
        guard let target, let aws else { throw ExitStatus.usage }
        if file?.exposesKeys == true {
            logger.warning(
                "\(arguments.config ?? "") holds AWS keys and can be read by others; chmod 600 it",
                metadata: ["event": "configuration_doubted"])
        }
        guard let published = try manifest.get() else {
            throw TableDirectory.missing(directory, purpose: "upload")
        }
        if let metrics = reporting?.metricsFile {
            try ProtectedPlaces(
                directories: [(published.directory.path, "the table's directory")],
                files: ProtectedPlaces.inputs(config: file?.path, isLive: true) + published.directory.documents
            ).check(metrics, option: "--metrics-file")
        }
        var uploadOptions = UploadOptions(target: target)
        uploadOptions.includesRedshiftManifests = arguments.redshiftManifests
        uploadOptions.prunes = arguments.prune
        uploadOptions.kmsKey = kmsKey
        return PreparedUpload(
            published: published, options: uploadOptions,
            storage: try Storage(aws, expectedBucketOwner: owner, logger: logger))
    }
}
