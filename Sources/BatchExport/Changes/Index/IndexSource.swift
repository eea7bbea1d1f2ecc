import Files
import SystemPackage

/// The files of a table that an index is of: those that a run finds when it begins.
struct IndexSource: Sendable {
    let directory: ExportDirectory
    let manifest: Manifest
    let schema: ResultSchema
    /// By rising sequence.
    let entries: [Manifest.Entry]

    /// - Parameter firstBatch: the run's. What it has published itself is not part of what it compares with.
    init(_ directory: ExportDirectory, _ manifest: Manifest, before firstBatch: Int) throws(ExportError) {
        self.directory = directory
        self.manifest = manifest
        schema = try manifest.schema()
        entries = manifest.entries.filter { $0.sequence < firstBatch }
    }

    var identity: IndexIdentity {
        IndexIdentity(of: entries, primaryKey: manifest.primaryKey, format: manifest.fileFormat)
    }

    /// Makes the index again: reads every file, the newest first.
    ///
    /// - Parameter staged: gets the index.
    /// - Returns: it, without its name.
    /// - Throws: ``ExportError`` if a file cannot be read or is not what the manifest lists; `CancellationError` when
    ///   the task is cancelled.
    func makeIndex(in staged: consuming StagedFile) throws -> StagedFile {
        var rebuild = try IndexRebuild(temporaryIn: directory.work)
        for entry in entries.reversed() {
            switch entry {
            case .rows:
                let hasher = hasher(rebuild.hashKey)
                try read(entry) { (block) throws in
                    for row in 0..<block.rowCount {
                        guard let key = hasher.keyHash(ofRow: row, in: block) else { continue }
                        try rebuild.add(key, hasher.hash(ofRow: row, in: block))
                    }
                }
            case .deletes:
                let keys = try schema.ofKey
                let hasher = RowHasher(
                    rebuild.hashKey, columns: keys.columns, keyIndices: keys.keyIndices, format: manifest.fileFormat)
                try read(entry) { (block) throws in
                    for row in 0..<block.rowCount {
                        if let key = hasher.keyHash(ofRow: row, in: block) { try rebuild.delete(key) }
                    }
                }
            }
        }
        return try rebuild.write(to: staged, of: identity)
    }

    func hasher(_ key: HashKey) -> RowHasher {
        RowHasher(key, columns: schema.columns, keyIndices: schema.keyIndices, format: manifest.fileFormat)
    }

    private func read(_ entry: Manifest.Entry, _ body: (RowBlock) throws -> Void) throws {
        var rows = try open(entry)
        while let window = rows.next() {
            try Task.checkCancellation()
            try body(window.block)
        }
        if let difference = rows.finish().first { throw unusable(difference) }
    }

    /// The rows of a file that the manifest lists.
    func open(_ entry: Manifest.Entry) throws(ExportError) -> BatchRows {
        do throws(BatchDifference) {
            return try BatchRows(
                entry.file, in: directory, format: manifest.fileFormat, columns: manifest.columns(of: entry))
        } catch {
            throw unusable(error)
        }
    }

    func unusable(_ difference: BatchDifference) -> ExportError {
        .unusable(
            difference, in: directory, subject: "--changes-only compares with this file, which",
            remedy: "restore the file, then run the same command again; athena-export verify names all such files")
    }
}

extension ResultSchema {
    /// The key's columns alone, in the key's order: what files of deletes have.
    var ofKey: ResultSchema {
        get throws(ExportError) {
            try ResultSchema(columns: keyIndices.map { columns[$0] }, primaryKey: primaryKey)
        }
    }
}
