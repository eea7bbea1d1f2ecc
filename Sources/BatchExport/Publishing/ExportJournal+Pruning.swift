import Files
import SystemPackage

extension ExportJournal {
    /// Removes the batches that later full runs have superseded, once a run has succeeded.
    ///
    /// The manifest is written first, durably, then files are removed. A kill in between leaves files that the manifest
    /// names as pruned; the next call removes them. Their numbers are not used again.
    /// - Parameter count: how many of the newest full runs stay; 1 or more.
    /// - Returns: the batches that were removed from the list.
    package func prune(keeping count: Int) throws(ExportError) -> [Manifest.Batch] {
        guard var manifest, state?.isUnfinished == false else { return [] }
        let superseded = manifest.superseded(keeping: count)
        if !superseded.isEmpty {
            manifest.prune(superseded)
            try save(manifest)
        }
        try removePrunedFiles()
        return superseded
    }

    private func removePrunedFiles() throws(ExportError) {
        guard let manifest, !manifest.pruned.isEmpty else { return }
        let data = directory.path.appending("data")
        // Nothing is removed through a link, wherever it leads.
        guard !data.isSymbolicLink, !directory.path.appending("rejected").isSymbolicLink else { return }
        for name in try directory.names(in: data) ?? [] {
            guard name.hasPrefix("batch="), let sequence = Int(name.dropFirst(6)), manifest.isPruned(sequence),
                !data.appending(name).isSymbolicLink
            else { continue }
            let file = directory.dataPath(sequence: sequence, format: manifest.fileFormat)
            guard file.hasPrefix("data/\(name)/") else { continue }
            do throws(FileError) {
                // The directory last: while it exists, the next call knows that files may be left.
                try DurableFile.remove(directory.path.appending(directory.rejectedPath(sequence: sequence)))
                try DurableFile.remove(directory.path.appending(file))
                try DurableFile.removeDirectoryIfEmpty(data.appending(name))
            } catch {
                throw ExportError(error)
            }
        }
    }
}
