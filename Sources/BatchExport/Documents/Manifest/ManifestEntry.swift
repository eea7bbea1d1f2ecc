import JSON

extension Manifest {
    /// One file of keys whose rows are gone.
    package struct Deletes: Sendable, Equatable {
        package let sequence: Int
        package let runID: String
        /// From the table's directory.
        package let path: String
        /// Keys.
        package let rows: Int
        package let bytes: Int
        package let uncompressedBytes: Int
        package let sha256: String
    }

    /// A file of the export: rows to insert or update, or keys to delete.
    ///
    /// Both share one numbering, in whose order they are applied.
    package enum Entry: Sendable, Equatable {
        case rows(Batch)
        case deletes(Deletes)

        package var sequence: Int {
            switch self {
            case .rows(let batch): batch.sequence
            case .deletes(let deletes): deletes.sequence
            }
        }

        var runID: String {
            switch self {
            case .rows(let batch): batch.runID
            case .deletes(let deletes): deletes.runID
            }
        }

        package var isDeletes: Bool { if case .deletes = self { true } else { false } }

        /// Rows of the result that were set aside beside the file.
        var rejectedRows: Int { if case .rows(let batch) = self { batch.rejectedRows } else { 0 } }

        package var file: ListedFile {
            switch self {
            case .rows(let batch): batch.file
            case .deletes(let deletes): deletes.file
            }
        }
    }

    /// Batches and deletes by rising sequence: the order in which they are applied.
    package var entries: [Entry] {
        guard !deletes.isEmpty else { return batches.map { .rows($0) } }
        return (batches.map { .rows($0) } + deletes.map { .deletes($0) }).sorted { $0.sequence < $1.sequence }
    }

    /// The highest sequence of a batch or of deletes; 0 if there is none.
    package var lastSequence: Int { max(batches.last?.sequence ?? 0, deletes.last?.sequence ?? 0) }

    /// Keys in files of deletes.
    package var deletedRows: Int { deletes.reduce(0) { $0 + $1.rows } }

    /// Keys in the files of deletes of a run.
    package func deletedRows(of run: Run) -> Int {
        // A name can be that of an abandoned run and of the one after it, which begins later or, if the first has no
        // file, with the same batch.
        let named = runs.filter { $0.runID == run.runID }
        return deletes.filter { deletes in
            deletes.runID == run.runID && named.last { $0.firstBatch ?? 0 <= deletes.sequence } == run
        }
        .reduce(0) { $0 + $1.rows }
    }

    /// The columns of a file: those of the key, in the key's order, for deletes.
    package func columns(of entry: Entry) -> [Column] {
        switch entry {
        case .rows(let batch): columns(ofBatch: batch.sequence)
        case .deletes: primaryKey.compactMap { name in columns.first { $0.name == name } }
        }
    }

    /// What is listed under a sequence.
    func entry(_ sequence: Int) -> Entry? {
        if let batch = batch(sequence) { return .rows(batch) }
        let index = deletes.partitioningIndex { $0.sequence >= sequence }
        return index < deletes.count && deletes[index].sequence == sequence ? .deletes(deletes[index]) : nil
    }

    /// Adds a file, or replaces the entry of the same sequence.
    mutating func record(_ entry: Entry) {
        switch entry {
        case .rows(let batch): record(batch)
        case .deletes(let new):
            let index = deletes.partitioningIndex { $0.sequence >= new.sequence }
            if index < deletes.count, deletes[index].sequence == new.sequence {
                deletes[index] = new
            } else {
                deletes.insert(new, at: index)
            }
        }
    }
}

/// A file as the manifest lists it: where it is, and what it holds.
package struct ListedFile: Sendable, Equatable {
    /// From the table's directory.
    package let path: String
    package let rows: Int
    package let bytes: Int
    package let uncompressedBytes: Int
    package let sha256: String
}

extension Manifest.Batch {
    package var file: ListedFile {
        ListedFile(path: path, rows: rows, bytes: bytes, uncompressedBytes: uncompressedBytes, sha256: sha256)
    }
}

extension Manifest.Deletes {
    package var file: ListedFile {
        ListedFile(path: path, rows: rows, bytes: bytes, uncompressedBytes: uncompressedBytes, sha256: sha256)
    }

    var json: JSONValue {
        [
            "sequence": .integer(sequence), "run_id": .string(runID), "path": .string(path), "rows": .integer(rows),
            "bytes": .integer(bytes), "uncompressed_bytes": .integer(uncompressedBytes), "sha256": .string(sha256),
        ]
    }

    init(_ field: JSONField) throws(JSONError) {
        sequence = try field.member("sequence").count(atLeast: 1)
        runID = try field.member("run_id").nonEmptyString()
        path = try field.member("path").nonEmptyString()
        rows = try field.member("rows").count(atLeast: 1)
        bytes = try field.member("bytes").count()
        uncompressedBytes = try field.member("uncompressed_bytes").count()
        sha256 = try field.member("sha256").sha256()
    }
}

extension [Manifest.Entry] {
    /// Rows in files.
    var rowCount: Int { reduce(0) { if case .rows(let batch) = $1 { $0 + batch.rows } else { $0 } } }

    /// Keys in files of deletes.
    var deletedCount: Int { reduce(0) { if case .deletes(let deletes) = $1 { $0 + deletes.rows } else { $0 } } }
}

// MARK: - Reading

extension Manifest {
    /// Compares the order, numbers and paths of entries with what they must be.
    ///
    /// - Parameter name: of the manifest's member that has the entries.
    func check(
        _ entries: [Entry], named name: String, in directory: ExportDirectory
    ) throws(JSONError) {
        var previous = 0
        for (index, entry) in entries.enumerated() {
            // Made where it is needed: there are many batches.
            func problem(_ member: String, _ expected: String, _ found: String) -> JSONError {
                .field(path: "\(name)[\(index)]\(member)", expected: expected, found: found)
            }
            guard entry.sequence > previous else {
                throw problem(".sequence", "more than \(previous)", "\(entry.sequence)")
            }
            previous = entry.sequence
            guard !isPruned(entry.sequence) else {
                throw problem(".sequence", "one that is not in pruned", "\(entry.sequence)")
            }
            if case .deletes = entry, batch(entry.sequence) != nil {
                throw problem(".sequence", "one that no batch has", "\(entry.sequence)")
            }
            let path = directory.path(of: entry, format: fileFormat)
            guard entry.file.path == path else {
                throw problem(".path", "\"\(path)\"", "\"\(entry.file.path.prefix(200))\"")
            }
        }
    }
}
