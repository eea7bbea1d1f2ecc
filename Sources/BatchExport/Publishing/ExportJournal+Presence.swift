import Files
import SystemPackage

extension ExportJournal {
    /// Checks that every file that a run has published exists, before the run is called complete: `data/` may have been
    /// removed under it.
    ///
    /// Only names and sizes are checked, which costs a system call a file. If a file is gone, the run goes back to its
    /// beginning: the same command then makes every batch again from the same result and writes those that are missing.
    /// - Throws: ``ExportError/filesGone(path:count:)``
    func checkPublishedFiles(of state: ExportState) throws(ExportError) {
        guard case .exporting(let query, _) = state.phase else { return }
        let missing = publishedFiles(of: state).filter { !isThere($0.path, size: $0.size) }
        guard let first = missing.first else { return }
        var again = state
        again.phase = .exporting(query, Checkpoint(nextBatch: state.firstBatch))
        try save(again)
        throw .filesGone(path: directory.path.appending(first.path), count: missing.count)
    }

    /// The size is nil if the manifest does not have it.
    private func publishedFiles(of state: ExportState) -> [(path: String, size: Int?)] {
        (manifest?.entries ?? []).filter { $0.sequence >= state.firstBatch && $0.runID == state.runID }
            .flatMap { entry in
                [(entry.file.path, entry.file.bytes)]
                    + (entry.rejectedRows > 0 ? [(directory.rejectedPath(sequence: entry.sequence), nil)] : [])
            }
    }

    /// Whether an entry's file exists with its size.
    func isThere(_ entry: Manifest.Entry) -> Bool { isThere(entry.file.path, size: entry.file.bytes) }

    private func isThere(_ path: String, size: Int?) -> Bool {
        guard let found = directory.path.appending(path).regularFileSize else { return false }
        return size == nil || found == size
    }
}
