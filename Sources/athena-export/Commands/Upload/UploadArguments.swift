import ArgumentParser

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

    @OptionGroup var aws: AWSArguments

    @OptionGroup var reporting: ReportingArguments

    /// As `run` would have the options that it has as well: they are looked up and checked the same way.
    func asRunOptions() throws -> RunOptions {
        var options = try RunOptions.parse([])
        options.config = config
        options.expectedBucketOwner = expectedBucketOwner
        options.kmsKey = kmsKey
        options.aws = aws
        options.reporting = reporting
        return options
    }
}
