import ArgumentParser
import Logging

/// The typed options of what a command reports, and where.
struct ReportingArguments: ParsableArguments {
    @Option(help: "Progress on standard error; auto shows it on a terminal only (default: auto).")
    var progress: ProgressChoice?

    @Option(help: "Least severe log level shown (default: info).")
    var logLevel: Logger.Level?

    @Option(help: "Format of the log on standard error (default: text).")
    var logFormat: LogFormat?

    @Option(
        help: ArgumentHelp(
            "Write the figures for Prometheus to this file at the end, also after a failure.", valueName: "file"),
        completion: .file())
    var metricsFile: String?

    @Option(help: "Format of the summary on standard output (default: text).")
    var summary: SummaryFormat?
}
