import Athena
import BatchExport
import Text

/// The end of a run: its outcome, and the exit status for a scheduler.
struct RunEnd {
    private(set) var summary: RunSummary
    let status: ExitStatus
    /// The error, if the run failed.
    let error: (any Error)?
    let directory: ExportDirectory?
    let manifest: Manifest?
    private var isAmongSeveral = false

    /// - Parameters:
    ///   - state: of the run; nil if it never had one.
    ///   - signal: the status for the signal that ended it, if one did.
    ///   - asksForColumns: whether it asks for the query's columns before it begins.
    ///   - wasResumed: whether it continued an unfinished run.
    init(
        _ result: Result<AthenaExport.Outcome, any Error>, manifest: Manifest?, state: ExportState?,
        directory: ExportDirectory, signal: ExitStatus?, asksForColumns: Bool, wasResumed: Bool, seconds: Double
    ) {
        func summary(
            _ status: RunSummary.Status, runID: String? = nil, resumed: Bool, alreadyDone: Bool = false,
            failure: (kind: String, message: String)? = nil, nextStep: String? = nil
        ) -> RunSummary {
            RunSummary(
                status: status, journal: (manifest, state), runID: runID, directory: directory, isResumed: resumed,
                isAlreadyDone: alreadyDone, seconds: seconds, failure: failure, nextStep: nextStep)
        }
        self.directory = directory
        self.manifest = manifest
        switch result {
        case .success(.exported(let wasResumed)):
            self.summary = summary(.succeeded, resumed: wasResumed)
            status = .success
            error = nil
        case .success(.uploadPending(let runID)):
            self.summary = summary(.succeeded, runID: runID, resumed: true)
            status = .success
            error = nil
        case .success(.alreadySucceeded(let runID)):
            self.summary = summary(.succeeded, runID: runID, resumed: false, alreadyDone: true)
            status = .success
            error = nil
        case .failure(let failure):
            status = signal ?? ExitStatus(failure)
            error = signal == nil ? failure : nil
            if signal == nil {
                let message = "\(failure)".shown(limit: 2000)
                self.summary = summary(.failed, resumed: wasResumed, failure: (status.kind, message))
            } else {
                let next = NextStep(state, asksForColumns: asksForColumns).description
                self.summary = summary(
                    .interrupted, resumed: wasResumed, failure: (status.kind, "stopped by a signal; \(next)"),
                    nextStep: next)
            }
        }
    }

    /// A run that failed before it could begin.
    ///
    /// - Parameter directory: nil if it is not known yet.
    init(failed error: any Error, directory: ExportDirectory?, seconds: Double) {
        status = ExitStatus(error)
        self.error = error
        self.directory = directory
        manifest = directory.flatMap { try? ExportJournal.read($0).0 }
        summary = RunSummary(failed: error, manifest: manifest, directory: directory, seconds: seconds)
    }

    /// The same end in a job of several tables, where an option of one table needs `--only`.
    var amongSeveral: RunEnd {
        var copy = self
        copy.isAmongSeveral = true
        if let message, let failure = summary.failure {
            copy.summary.failure = (failure.kind, TableAdvice.completed(message).shown(limit: 2000))
        }
        return copy
    }

    /// What the error says, if the run failed.
    var message: String? { error.map { isAmongSeveral ? TableAdvice.completed("\($0)") : "\($0)" } }
}
