import Files
import SystemPackage

extension ExportJournal {
    /// The files that a run's rows are compared with; nil if there are none.
    ///
    /// - Parameter firstBatch: the run's.
    func indexSource(before firstBatch: Int) throws(ExportError) -> IndexSource? {
        guard let manifest else { return nil }
        let source = try IndexSource(directory, manifest, before: firstBatch)
        return source.entries.isEmpty ? nil : source
    }

    /// Of all files that are published by now.
    func indexIdentity() throws(ExportError) -> IndexIdentity? {
        guard let manifest else { return nil }
        return try IndexSource(directory, manifest, before: .max).identity
    }

    /// Begins the file of an index.
    func stageIndex() throws(ExportError) -> StagedFile {
        try stage(directory.index)
    }

    /// Removes the temporary files of a killed run with `--changes-only`: an index can be large, and the next run may not
    /// write one.
    func removeStagedIndex() throws(ExportError) {
        guard state?.request.value("changes_only") != nil else { return }
        let index = directory.temporary(for: directory.index)
        let names = try directory.names(in: directory.work) ?? []
        do throws(FileError) {
            for name in names where name == index.lastComponent?.string || ScratchFile.isName(name) {
                try DurableFile.remove(directory.work.appending(name))
            }
        } catch {
            throw ExportError(error)
        }
    }

    /// Puts an index in the place of the one before, or of whatever else has its name, durably.
    ///
    /// - Throws: also if its name is that of a directory with something in it, which is not removed.
    func placeIndex(_ file: consuming StagedFile) throws(ExportError) {
        let index = directory.index
        let parent = index.removingLastComponent()
        do throws(FileError) {
            // A link goes, what it leads to stays.
            if parent.isTaken, !parent.isDirectoryItself { try DurableFile.remove(parent) }
            try DurableFile.makeDirectory(parent)
            if index.isDirectoryItself { try DurableFile.removeDirectoryIfEmpty(index) }
            if !index.isDirectoryItself { return try file.replace(index) }
        } catch {
            throw ExportError(error)
        }
        throw .untrusted(
            path: index, problem: "it is a directory with something in it",
            remedy: "remove it, then run the same command again, which makes the index again")
    }
}

extension FilePath {
    /// Whether this is a directory, and no link to one.
    fileprivate var isDirectoryItself: Bool { isDirectory && !isSymbolicLink }
}
