import AWS
import ArgumentParser
import Athena
import BatchExport
import Logging
import SystemPackage

/// Runs the query and exports its rows; goes on with an unfinished run by itself.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the query, or go on with an unfinished run, and export its rows (the default).",
        discussion: """
            The same command resumes: a directory whose last run is unfinished is gone on with, one whose last run \
            succeeded gets a new run, whose batches continue the numbering.

            Exit status: 0 done; 1 the query failed; 64 wrong arguments; 65 data that cannot be trusted; 66 a file does \
            not exist; 73, 74 output cannot be made or written; 75 try again later; 77 credentials; 78 configuration; \
            130, 143 stopped by SIGINT, SIGTERM.
            """)

    @OptionGroup var options: RunOptions

    func run() async throws {
        let console = Console()
        let started = ContinuousClock.now
        let configuration: ExportConfiguration
        do {
            configuration = try ExportConfiguration(options, workers: Assembly.workers)
        } catch {
            if options.summary == .json {
                let seconds = (ContinuousClock.now - started).seconds
                console.writeOutput(RunSummary(failed: error, directory: nil, seconds: seconds).text(.json))
            }
            console.writeError("\(error)")
            throw ExitStatus(error)
        }
        var logger = Logger(label: "athena-export") { [options] _ in
            ConsoleLogHandler(console: console, format: options.logFormat, logLevel: options.logLevel)
        }
        logger.logLevel = options.logLevel
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let run = Run(configuration: configuration, options: options, console: console, logger: logger)
        let status = await run.execute(startedAt: started)
        guard status == .success else { throw status }
    }
}

/// One run from an assembled program to an exit status.
private struct Run {
    let configuration: ExportConfiguration
    let options: RunOptions
    let console: Console
    let logger: Logger

    func execute(startedAt started: ContinuousClock.Instant) async -> ExitStatus {
        let signals = SignalWatcher()
        let journal: ExportJournal
        let wasUnfinished: Bool
        let task: Task<AthenaExport.Outcome, any Error>
        do {
            let assembly = try Assembly(configuration, logger: logger)
            journal = try ExportJournal(opening: configuration.directory, now: assembly.runtime.timestamp)
            wasUnfinished = await journal.state?.isUnfinished ?? false
            let progress = ProgressReporter(console: console, isShown: options.progress.isShown)
            let export = AthenaExport(
                client: assembly.client, s3: assembly.s3, journal: journal, options: configuration.export,
                runtime: assembly.runtime, logger: logger, report: progress.report)
            task = Task { try await export.run() }
        } catch {
            if options.summary == .json {
                let seconds = (ContinuousClock.now - started).seconds
                _ = write(
                    RunSummary(failed: error, directory: configuration.directory, seconds: seconds).text(.json))
            }
            return fail(error, status: ExitStatus(error))
        }
        signals.atFirstSignal { [logger] in
            logger.notice("stopping; the checkpoint is kept, the same command goes on from it")
            task.cancel()
        }
        let result = await task.result
        console.eraseProgress()
        return await conclude(result, journal, signals, wasUnfinished: wasUnfinished, since: started)
    }

    private func conclude(
        _ result: Result<AthenaExport.Outcome, any Error>, _ journal: ExportJournal, _ signals: SignalWatcher,
        wasUnfinished: Bool, since started: ContinuousClock.Instant
    ) async -> ExitStatus {
        let documents = (manifest: await journal.manifest, state: await journal.state)
        func summary(
            _ status: RunSummary.Status, runID: String? = nil, resumed: Bool, alreadyDone: Bool = false,
            failure: (kind: String, message: String)? = nil
        ) -> String {
            RunSummary(
                status: status, journal: documents, runID: runID, directory: configuration.directory,
                isResumed: resumed, isAlreadyDone: alreadyDone, seconds: (ContinuousClock.now - started).seconds,
                failure: failure
            ).text(options.summary)
        }
        switch result {
        case .success(.exported(let wasResumed)): return write(summary(.succeeded, resumed: wasResumed))
        case .success(.alreadySucceeded(let runID)):
            return write(summary(.succeeded, runID: runID, resumed: false, alreadyDone: true))
        case .failure(let error):
            let resumed = wasUnfinished && !options.restart
            if let status = signals.exitStatus {
                _ = write(summary(.interrupted, resumed: resumed, failure: (status.kind, "stopped by a signal")))
                return status
            }
            let status = ExitStatus(error)
            if options.summary == .json {
                _ = write(summary(.failed, resumed: resumed, failure: (status.kind, "\(error)".shown(limit: 2000))))
            }
            return fail(error, status: status)
        }
    }

    /// However the run went, whoever waits for the summary must hear that there is none.
    private func write(_ summary: String) -> ExitStatus {
        if console.writeOutput(summary) { return .success }
        console.writeError(
            "the summary could not be written to standard output; athena-export status tells how far the run got")
        return .inputOutput
    }

    private func fail(_ error: any Error, status: ExitStatus) -> ExitStatus {
        console.writeError("\(error)")
        return status
    }
}
