import BatchExport
import Text

extension AthenaExport {
    /// Keeps in the run's state why the work failed. For a signal no reason is kept: the state itself shows what it
    /// left.
    func keepingFailure(of run: ExportState, _ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let error where !(error is CancellationError) && !Task.isCancelled {
            await journal.keep(failure: "\(error)".shown(limit: 1000), of: run.runID)
            throw error
        }
    }
}
