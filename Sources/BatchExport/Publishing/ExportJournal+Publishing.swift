import Files
import SystemPackage

extension ExportJournal {
    /// Where the bytes of a batch with rows go.
    func destination(ofBatch sequence: Int, format: FileFormat) throws(ExportError) -> BatchDestination {
        guard case .exporting(_, let checkpoint) = state?.phase, sequence >= checkpoint.nextBatch else {
            return .comparison
        }
        if let listed = manifest?.entry(sequence), isThere(listed) { return .comparison }
        let path = directory.dataPath(sequence: sequence, format: format)
        return .file(try stage(directory.path.appending(path)))
    }

    /// Makes one batch of rows or deletes part of the export: file, rejected rows, log or manifest, state.
    ///
    /// A batch that the manifest lists already is compared with its entry, and its file stays as it is; if it is gone, it
    /// is written again.
    /// - Parameter destination: holds the batch's data file, complete, if it has a new one.
    func publish(
        _ batch: StagedBatch, to destination: consuming BatchDestination, _ facts: RunFacts, format: FileFormat
    ) throws(ExportError) {
        guard var state, case .exporting(let query, let checkpoint) = state.phase else { return }
        let entry = batch.entry(
            runID: state.runID, in: directory, format: format, countsUnchanged: facts.changesOnly)
        if batch.isBehind(checkpoint) { return try compare(entry) }

        let isListed = entry != nil && manifest?.entry(batch.sequence) != nil
        if isListed { try compare(entry) }
        if case .file(let file) = consume destination, let entry, let content = batch.content {
            try publish(file, as: entry.file.path, content)
        }
        if let rejected = batch.rejected { try publish(rejected, as: directory.rejectedPath(sequence: batch.sequence)) }
        if !isListed {
            let run = facts.run(state, query: query, checkpoint: batch.end)
            let logged = LoggedBatch(run: run, entry: entry, rowsBefore: batch.rowsBefore)
            try list(logged, batch.schema, format: format)
        }
        state.phase = .exporting(query, batch.end)
        try save(state)
    }

    private func compare(_ entry: Manifest.Entry?) throws(ExportError) {
        guard let entry else { return }
        guard manifest?.entry(entry.sequence) == entry else {
            throw .inconsistentSource(
                "reading the result again from its beginning gave other rows than before in batch \(entry.sequence); "
                    + "nothing was changed; give the run up with --restart")
        }
    }

    /// Begins a file under a temporary name.
    func stage(_ path: FilePath) throws(ExportError) -> StagedFile {
        do {
            return try StagedFile(at: directory.temporary(for: path), permissions: .dataFile)
        } catch {
            throw ExportError(error)
        }
    }

    private func publish(_ pieces: [[UInt8]], as relativePath: String) throws(ExportError) {
        var file = try stage(directory.path.appending(relativePath))
        do throws(FileError) {
            for piece in pieces { try file.append(piece) }
        } catch {
            throw ExportError(error)
        }
        try publish(file, as: relativePath, BatchFile.Content(pieces))
    }

    private func publish(
        _ file: consuming StagedFile, as relativePath: String, _ content: BatchFile.Content
    ) throws(ExportError) {
        let path = directory.path.appending(relativePath)
        do throws(FileError) {
            for parent in [path.removingLastComponent().removingLastComponent(), path.removingLastComponent()]
            where parent != directory.path {
                try DurableFile.makeDirectory(parent)
            }
            try file.publish(as: path)
        } catch let error where error.errno == .fileExists && error.path == path {
            try checkPublished(path, content)
        } catch {
            throw ExportError(error)
        }
    }

    /// A crash can leave a published batch that neither manifest, log nor state has. That is fine if it is this very
    /// batch.
    private func checkPublished(_ path: FilePath, _ content: BatchFile.Content) throws(ExportError) {
        guard let found = try? BoundedFile.read(path, limit: content.bytes, followsLinks: false),
            BatchFile.Content([found.bytes]) == content
        else {
            throw .untrusted(
                path: path, problem: "the file exists with other content than this batch",
                remedy: "published files never change: move it away, or export to another --output")
        }
        do { try DurableFile.synchronizeDirectory(of: path) } catch { throw ExportError(error) }
    }
}
