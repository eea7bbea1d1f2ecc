import Athena
import AWS
import BatchExport
import Clock
import Logging
import Threading
import Upload

/// The export of one table, from taking its directory to its end.
struct TableRun {
    let configuration: ExportConfiguration
    let assembly: Assembly
    /// Threads that it shares with other tables; nil for some of its own.
    var threads: WorkerThreads?
    let logger: Logger

    /// How it went, and how long each part took.
    struct Outcome {
        let end: RunEnd
        let phases: (query: Double, export: Double)
    }

    /// Runs to the end, or until the task is cancelled by a signal.
    ///
    /// - Parameters:
    ///   - signals: says which one it was.
    ///   - started: since when the run's seconds count.
    func execute(
        signals: SignalWatcher, since started: ContinuousClock.Instant,
        report: @escaping @Sendable (AthenaExport.Progress) -> Void,
        reportUpload: @escaping @Sendable (UploadProgress) -> Void = { _ in }
    ) async -> Outcome {
        let phases = RunPhases(since: started)
        var seconds: Double { (ContinuousClock.now - started).seconds }
        let journal: ExportJournal
        let s3: S3Client?
        let upload: RunUpload?
        do {
            s3 = try assembly.s3(for: configuration)
            upload = RunUpload(configuration, try assembly.uploadClient(for: configuration), logger: logger)
            journal = try ExportJournal(opening: configuration.directory, now: assembly.runtime.timestamp)
        } catch {
            return Outcome(
                end: RunEnd(failed: error, directory: configuration.directory, seconds: seconds), phases: (seconds, 0))
        }
        let before = await journal.state
        var options = configuration.export
        options.export.threads = threads
        let export = AthenaExport(
            client: assembly.client, s3: s3, journal: journal, recording: assembly.recording, options: options,
            runtime: assembly.runtime, logger: logger
        ) {
            phases.report($0)
            report($0)
        }
        let result: Result<AthenaExport.Outcome, any Error>
        // The run before has every row in a file, and this command is about its upload.
        var continuesUpload = false
        do {
            let outcome = try await export.run()
            if case .uploadPending = outcome { continuesUpload = true }
            try await upload?.execute(journal, report: reportUpload)
            result = .success(outcome)
        } catch {
            result = .failure(error)
        }
        let state = await journal.state
        let end = RunEnd(
            result, manifest: await journal.manifest,
            // What an earlier run left says nothing of one that never began.
            state: state == before && before?.isUnfinished != true && !continuesUpload ? nil : state,
            directory: configuration.directory, signal: signals.exitStatus,
            asksForColumns: configuration.export.isRewritten,
            wasResumed: continuesUpload || before?.isUnfinished == true && !configuration.export.restart,
            seconds: seconds)
        return Outcome(end: end, phases: phases.seconds)
    }
}
