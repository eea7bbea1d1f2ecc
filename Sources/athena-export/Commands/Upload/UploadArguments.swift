import ArgumentParser
import Logging

/// Options of `upload`: those that `run` has as well, under the same names and keys.
struct UploadArguments: ParsableArguments {
    @Flag(help: "Also put the manifests that COPY of Redshift reads below redshift/.")
    var redshiftManifests = false

    @Flag(help: "Remove objects of batches that the manifest calls pruned, once the manifest is there.")
    var prune = false

    @Option(
        help: ArgumentHelp(
            "JSON configuration with region, keys and the like; an option given here beats what it says.",
            valueName: "file"),
        completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("The account that the bucket must belong to.", valueName: "account"))
    var expectedBucketOwner: String?

    @Option(help: ArgumentHelp("The KMS key that S3 encrypts the objects with.", valueName: "arn"))
    var kmsKey: String?

    @Option(help: "AWS region.")
    var region: String?

    @Option(help: "Profile of the shared AWS files.")
    var profile: String?

    @Option(help: ArgumentHelp("Endpoint of S3.", valueName: "url"))
    var endpointURL: String?

    @Option(help: ArgumentHelp("Attempts for each request (default: 10).", valueName: "n"))
    var maxAttempts: Int?

    @Option(help: "Progress on standard error; auto shows it on a terminal only (default: auto).")
    var progress: ProgressChoice?

    @Option(help: "Least severe log level shown (default: info).")
    var logLevel: Logger.Level?

    @Option(help: "Format of the log on standard error (default: text).")
    var logFormat: LogFormat?

    @Option(
        help: ArgumentHelp(
            "Write the upload's figures for Prometheus to this file at its end, however it ends.", valueName: "file"),
        completion: .file())
    var metricsFile: String?

    @Option(help: "Format of the summary on standard output (default: text).")
    var summary: SummaryFormat?

    /// The options that `run` has as well, as `run` would have them: they are looked up and checked the same way.
    func asRunOptions() throws -> RunOptions {
        let shared: [(name: String, value: String?)] = [
            ("config", config), ("expected-bucket-owner", expectedBucketOwner), ("kms-key", kmsKey),
            ("region", region), ("profile", profile), ("endpoint-url", endpointURL),
            ("max-attempts", maxAttempts.map(String.init)), ("progress", progress?.rawValue),
            ("log-level", logLevel?.rawValue), ("log-format", logFormat?.rawValue), ("metrics-file", metricsFile),
            ("summary", summary?.rawValue),
        ]
        return try RunOptions.parse(shared.flatMap { option in option.value.map { ["--\(option.name)=\($0)"] } ?? [] })
    }
}
