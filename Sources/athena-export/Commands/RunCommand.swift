import Clock
import AWS
import ArgumentParser
import Athena
import BatchExport
import Logging
import ProcessLimits
import SystemPackage

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
        var logger = Logger(label: "athena-export") { _ in
            ConsoleLogHandler(console: console, format: reporting.logFormat, logLevel: reporting.logLevel)
        }
        logger.logLevel = reporting.logLevel
        let report = RunReport(options: reporting, console: console, logger: logger)
        let configuration: ExportConfiguration
        do {
            configuration = try ExportConfiguration(options, file: try file.get(), workers: Assembly.workers)
            try ProcessNeeds.rows(workers: configuration.export.export.workers, cores: Assembly.workers).check()
        } catch {
            throw report.couldNotBegin(error)
        }
        for warning in configuration.warnings {
            logger.warning("\(warning)", metadata: ["event": "configuration_doubted"])
        }
        let run = Run(
            configuration: configuration, reporting: reporting, console: console, logger: logger, report: report)
        let status = await run.execute()
        guard status == .success else { throw status }
    }
}

/// One run, from the assembled program to the exit status.
private struct Run {
    let configuration: ExportConfiguration
    let reporting: ReportingOptions
    let console: Console
    let logger: Logger
    let report: RunReport

    func execute() async -> ExitStatus {
        let signals = SignalWatcher()
        let assembly: Assembly
        let journal: ExportJournal
        do {
            assembly = try Assembly(configuration, logger: logger)
            journal = try ExportJournal(opening: configuration.directory, now: assembly.runtime.timestamp)
        } catch {
            return report.couldNotBegin(error, in: configuration.directory)
        }
        let before = await journal.state
        let phases = RunPhases(since: report.started)
        let progress = ProgressReporter(
            console: console, isShown: reporting.progress.isShown, logger: reporting.progress == .never ? nil : logger)
        let export = AthenaExport(
            client: assembly.client, s3: assembly.s3, journal: journal, recording: assembly.recording,
            options: configuration.export,
            runtime: assembly.runtime, logger: logger
        ) {
            phases.report($0)
            progress.report($0)
        }
        let task = Task { try await export.run() }
        signals.atFirstSignal { [logger] in
            logger.notice(
                "stopping; what is exported so far is kept",
                metadata: ["event": "run_stopping"])
            task.cancel()
        }
        let clock = Task { await progress.keepCurrent() }
        let result = await task.result
        clock.cancel()
        await clock.value
        console.eraseProgress()
        let state = await journal.state
        let end = RunEnd(
            result, manifest: await journal.manifest,
            // The state of an earlier run does not describe one that never began.
            state: state == before && before?.isUnfinished != true ? nil : state,
            directory: configuration.directory, signal: signals.exitStatus,
            wasResumed: before?.isUnfinished == true && !configuration.export.restart, seconds: report.seconds)
        return report.ended(end, phases: phases.seconds, requests: assembly.requests.counts)
    }
}
