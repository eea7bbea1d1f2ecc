import ArgumentParser

/// The typed options of every command that calls AWS.
struct AWSArguments: ParsableArguments {
    @Option(help: "AWS region.")
    var region: String?

    @Option(help: "Profile of the shared AWS files.")
    var profile: String?

    @Option(help: ArgumentHelp("Endpoint for every AWS service.", valueName: "url"))
    var endpointURL: String?

    @Option(help: ArgumentHelp("Attempts for each request (default: 10).", valueName: "n"))
    var maxAttempts: Int?
}
