import ArgumentParser
import Athena
import BatchExport
import Logging
import ProcessLimits

/// Runs the query and exports its rows; an unfinished run is resumed.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the query, or resume an unfinished run, and export its rows (the default).",
        discussion: """
            The same command resumes: if the directory's last run is unfinished, it continues; if it succeeded, a new \
            run begins, whose batches continue the numbering.

            Exit status: 0 done; 1 the query failed; 64 wrong arguments; 65 data that cannot be trusted; 66 a file does \
            not exist; 73, 74 output cannot be made or written; 75 try again later; 77 credentials; 78 configuration; \
            129, 130, 143 stopped by SIGHUP, SIGINT, SIGTERM.
            """)

    @OptionGroup var options: RunOptions

    func run() async throws {
        let console = Console()
        let file = Result { () throws(ConfigurationError) in try ConfigurationFile(options) }
        let reporting = ReportingOptions(
            asFarAsRight: SettingsLookup(options: options, file: (try? file.get()) ?? nil))
        let logger = Logger(reporting, console)
        let report = RunReport(options: reporting, console: console, logger: logger)
        let jobReport = JobReport(report: report, isNamed: options.runID != nil)
        let job: JobConfiguration
        do {
            job = try JobConfiguration(options, file: try file.get(), workers: Assembly.workers)
            try ProcessNeeds.rows(
                workers: job.tables.first?.export.export.workers ?? 1, cores: Assembly.cores,
                tables: min(job.parallel, job.tables.count)
            ).check()
        } catch {
            let isOfSeveral = (try? file.get())??.tables != nil
            throw isOfSeveral ? jobReport.couldNotBegin(error) : report.couldNotBegin(error)
        }
        for warning in job.warnings {
            logger.warning("\(warning)", metadata: ["event": "configuration_doubted"])
        }
        let status =
            if job.isOfSeveral {
                await TablesRun(
                    job: job, reporting: reporting, console: console, logger: logger, report: jobReport
                ).execute()
            } else {
                await Run(job: job, reporting: reporting, console: console, logger: logger, report: report).execute()
            }
        guard status == .success else { throw status }
    }
}

/// One run, from the assembled program to the exit status.
private struct Run {
    let job: JobConfiguration
    let reporting: ReportingOptions
    let console: Console
    let logger: Logger
    let report: RunReport

    func execute() async -> ExitStatus {
        guard let configuration = job.tables.first else { return .success }
        let signals = SignalWatcher()
        let assembly: Assembly
        do {
            assembly = try Assembly(configuration, logger: logger)
        } catch {
            return report.couldNotBegin(error, in: configuration.directory)
        }
        let progress = ProgressReporter(
            console: console, isShown: reporting.progress.isShown, logger: reporting.progress == .never ? nil : logger)
        let run = TableRun(configuration: configuration, assembly: assembly, logger: logger)
        let outcome = await progress.show(until: signals, logger) { [report] in
            await run.execute(
                signals: signals, since: report.started, report: { progress.report($0) },
                reportUpload: { progress.report($0) })
        }
        return report.ended(outcome.end, phases: outcome.phases, requests: assembly.requests.counts())
    }
}
