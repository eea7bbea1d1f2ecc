import Digest
import Files
import SystemPackage

extension ExportJournal {
    /// Makes one batch part of the export: data file, rejected rows, manifest, state.
    ///
    /// A batch that is exported already is held against what the manifest says of it and changes nothing.
    func publish(_ batch: CompressedBatch, _ facts: RunFacts, format: FileFormat) throws(ExportError) {
        guard var state, case .exporting(let query, let checkpoint) = state.phase else { return }
        let entry = batch.entry(runID: state.runID, in: directory, format: format)
        if batch.sequence < checkpoint.nextBatch { return try compare(entry) }

        if let entry { try publishFile(entry.path, batch.data, sha256: entry.sha256) }
        if let rejected = batch.rejected {
            try publishFile(
                directory.rejectedPath(sequence: batch.sequence), rejected, sha256: sha256(of: rejected))
        }
        var manifest = manifest ?? Manifest(table: directory.table, schema: batch.schema, fileFormat: format)
        if let entry { manifest.record(entry) }
        manifest.record(facts.run(state, query: query, checkpoint: batch.end))
        try save(manifest)
        state.phase = .exporting(query, batch.end)
        try save(state)
    }

    private func compare(_ entry: Manifest.Batch?) throws(ExportError) {
        guard let entry else { return }
        guard manifest?.batches.first(where: { $0.sequence == entry.sequence }) == entry else {
            throw .inconsistentSource(
                "reading the result again from its beginning gave other rows than before in batch \(entry.sequence); "
                    + "nothing was changed; give the run up with --restart")
        }
    }

    private func publishFile(_ relativePath: String, _ pieces: [[UInt8]], sha256: String) throws(ExportError) {
        let path = directory.path.appending(relativePath)
        do throws(FileError) {
            for parent in [path.removingLastComponent().removingLastComponent(), path.removingLastComponent()]
            where parent != directory.path {
                try DurableFile.makeDirectory(parent)
            }
            try DurableFile.publish(
                path, pieces, temporary: directory.temporary(for: path), permissions: .dataFile)
        } catch let error where error.errno == .fileExists && error.path == path {
            try checkPublished(path, pieces, sha256: sha256)
        } catch {
            throw ExportError(error)
        }
    }

    /// A crash can leave a batch published that neither manifest nor state knows: fine if it is this very one.
    private func checkPublished(_ path: FilePath, _ pieces: [[UInt8]], sha256: String) throws(ExportError) {
        let size = pieces.reduce(0) { $0 + $1.count }
        guard
            let content = try? BoundedFile.read(path, limit: size, followsLinks: false), content.bytes.count == size,
            SHA256.hash(content.bytes).hexadecimal == sha256
        else {
            throw .untrusted(
                path: path, problem: "the file exists with other content than this batch",
                remedy: "published files never change: move it away, or export to another --output")
        }
        do { try DurableFile.synchronizeDirectory(of: path) } catch { throw ExportError(error) }
    }
}
