import BatchExport
import Logging

extension AthenaExport {
    /// Removes the batches that full runs have superseded. The rows of this run are safe in any case, so an error here
    /// does not fail the run; the next run tries again.
    func prune() async {
        guard let count = options.prunedRuns else { return }
        guard options.cursor == nil else {
            logger.info(
                "nothing is pruned: a run with a cursor supersedes no other", metadata: ["event": "prune_skipped"])
            return
        }
        do {
            let pruned = try await journal.prune(keeping: count)
            guard let first = pruned.first, let last = pruned.last else { return }
            logger.notice(
                "superseded batches removed",
                metadata: [
                    "event": "batches_pruned", "batches": .stringConvertible(pruned.count),
                    "first_batch": .stringConvertible(first.sequence), "last_batch": .stringConvertible(last.sequence),
                    "rows": .stringConvertible(pruned.reduce(0) { $0 + $1.rows }),
                    "bytes": .stringConvertible(pruned.reduce(0) { $0 + $1.bytes }),
                ])
        } catch {
            logger.warning(
                "superseded batches could not be removed; the next run tries again: \(error)",
                metadata: ["event": "prune_failed"])
        }
    }
}
