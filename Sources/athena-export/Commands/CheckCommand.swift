import ArgumentParser
import BatchExport
import Logging

/// Tries what a run needs, without running the query.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Try everything that a run needs, without running the query.",
        discussion: """
            Takes the options and the configuration of run. Tries the configuration, the output directory, the \
            credentials, the work group, the statement with its key, cursor and columns, and whether results can be read \
            from S3; then prints a line for each step, and the columns.

            The columns are those of SELECT * FROM (query) LIMIT 0, which reads no data. --format json prints all of it as \
            one object; csv and ndjson are the file format, as in run.

            Exit status: 0 no step failed; else that which the run would end with.
            """)

    @OptionGroup var options: RunOptions

    @Flag(help: "Leave out the statement: no query of any kind is sent.")
    var noQuery = false

    func run() async throws {
        let console = Console()
        let format = options.format?.answer ?? .text
        let report: CheckReport
        do {
            report = try await check(console)
        } catch let error where !(error is ExitStatus) {
            report = .failed(error)
        }
        try console.writeProduct(report.text(format), called: "answer")
        if report.exitStatus != .success { throw report.exitStatus }
    }

    private func check(_ console: Console) async throws -> CheckReport {
        var options = options
        // It says how the answer is printed, not how the rows are.
        if options.format?.answer != nil { options.format = nil }
        guard options.record == nil else {
            throw ConfigurationError.option(name: "--record", problem: "check records nothing; leave it out")
        }
        let file = try ConfigurationFile(options)
        let job = try JobConfiguration(options, file: file, workers: Assembly.workers)
        let logger = logger(console, SettingsLookup(options: options, file: file))
        return try await interruptible {
            try await TablesCheck(job: job, asksForColumns: !noQuery, logger: logger).run()
        }
    }

    /// Only warnings are logged unless --log-level says otherwise: the product on standard output has the rest.
    private func logger(_ console: Console, _ settings: SettingsLookup) -> Logger {
        let reporting = ReportingOptions(asFarAsRight: settings)
        return Logger(reporting, console, level: reporting.logLevel == .info ? .warning : nil)
    }
}
