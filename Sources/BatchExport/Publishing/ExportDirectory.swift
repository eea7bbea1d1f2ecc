import Files
import JSON
package import SystemPackage
import Text

/// The places of all files of one table.
package struct ExportDirectory: Sendable, Equatable {
    package let path: FilePath
    package let table: String

    /// - Parameters:
    ///   - parent: the directory that holds a directory for each table.
    ///   - table: checked to be a plain file name.
    package init(parent: FilePath, table: String) {
        path = parent.appending(table)
        self.table = table
    }

    /// A directory that may have another name than its table, such as a copy.
    package init(path: FilePath, table: String) {
        self.path = path
        self.table = table
    }

    /// Whether a run works here; nil if this user may not know.
    package var isAtWork: Bool? { FileLock.isHeld(lock) }

    package var manifest: FilePath { path.appending("manifest.json") }
    package var state: FilePath { path.appending("state.json") }
    var work: FilePath { path.appending(".work") }
    var lock: FilePath { work.appending("lock") }
    /// Of rows that the table holds: derived from the files, and made again if it is missing.
    var index: FilePath { path.appending(".index").appending("rows.index") }
    var batchLog: FilePath { work.appending("batches.log") }

    /// Whether a name can be a table's: 1 to 200 letters, digits, `_`, `-` and `.`, beginning with a letter or digit, so
    /// that it is a plain file name and needs no quotes anywhere.
    package static func isTableName(_ name: String) -> Bool {
        guard (1...200).contains(name.utf8.count), let first = name.first, !"._-".contains(first) else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }

    /// The table's directory that a path is or lies in; nil if there is none.
    ///
    /// A run leaves its lock in every one; a copy may have only the manifest and the data.
    package static func enclosing(_ path: FilePath) -> FilePath? {
        path.existingAncestors.first { ancestor in
            let directory = ExportDirectory(path: ancestor, table: "")
            return directory.lock.isTaken || directory.manifest.isTaken && directory.beginsLikeOurManifest
        }
    }

    /// Other programs have files of that name too.
    private var beginsLikeOurManifest: Bool {
        let start = try? ConfinedFile("manifest.json", below: path).read(upTo: 100)
        return String(decoding: start ?? [], as: UTF8.self).contains(Manifest.formatName)
    }

    /// The path of a batch's file from the table's directory, as in the manifest.
    package func dataPath(sequence: Int, format: FileFormat) -> String {
        "data/batch=\(sequence.padded(6))/\(fileName(sequence, suffix: format.fileSuffix))"
    }

    /// Where a file of keys to delete lies, from the table's directory.
    package func deletedPath(sequence: Int, format: FileFormat) -> String {
        "deleted/batch=\(sequence.padded(6))/\(fileName(sequence, suffix: format.fileSuffix))"
    }

    /// Where a file of the manifest must lie, from the table's directory.
    func path(of entry: Manifest.Entry, format: FileFormat) -> String {
        switch entry {
        case .rows(let batch): dataPath(sequence: batch.sequence, format: format)
        case .deletes(let deletes): deletedPath(sequence: deletes.sequence, format: format)
        }
    }

    func rejectedPath(sequence: Int) -> String {
        "rejected/\(fileName(sequence, suffix: "ndjson.gz"))"
    }

    /// Temporary files end in `.tmp`: globs such as `*.csv.gz` match hidden directories in some readers.
    func temporary(for path: FilePath) -> FilePath {
        work.appending((path.lastComponent?.string ?? "file") + ".tmp")
    }

    /// The highest number that a published file has in its name; 0 if there is none.
    func lastSequenceOnDisk() throws(ExportError) -> Int {
        var sequences: [Int] = []
        for folder in ["data", "deleted"] {
            sequences += (try names(in: path.appending(folder)) ?? [])
                .compactMap { $0.hasPrefix("batch=") ? Int($0.dropFirst(6)) : nil }
        }
        // A batch whose rows were all set aside has this file alone.
        sequences += (try names(in: path.appending("rejected")) ?? [])
            .compactMap { name in
                let number = name.dropFirst(table.count + 1).prefix(while: \.isNumber)
                return Int(number).flatMap { "rejected/\(name)" == rejectedPath(sequence: $0) ? $0 : nil }
            }
        return sequences.filter { $0 <= JSONField.maximumCount }.max() ?? 0
    }

    private func fileName(_ sequence: Int, suffix: String) -> String {
        "\(table)-\(sequence.padded(6)).\(suffix)"
    }

    /// The names in a directory of the export; nil if there is no such directory.
    func names(in path: FilePath) throws(ExportError) -> [String]? {
        do throws(FileError) {
            return try DirectoryListing.names(in: path)
        } catch {
            throw ExportError(error)
        }
    }

    /// The error with which ``makeAndLock()`` would fail, as far as that can be told without writing.
    package var creationError: ExportError? {
        for path in [path, work] {
            if let errno = path.directoryError { return .cannotCreate(path: path, errno) }
        }
        return nil
    }

    /// Makes the directory and everything above it that is missing, and takes its lock.
    func makeAndLock() throws(ExportError) -> FileLock {
        do {
            try DurableFile.makeDirectories(path)
            try DurableFile.makeDirectory(work)
            guard let lock = try FileLock(lock) else { throw ExportError.locked(path: path) }
            return lock
        } catch let error as FileError {
            throw .cannotCreate(path: error.path, error.errno)
        } catch let error as ExportError {
            throw error
        } catch {
            throw .cannotCreate(path: path, .ioError)
        }
    }
}

extension ExportError {
    /// A failed file operation as an error of the export.
    init(_ error: FileError) {
        self =
            error.operation.hasPrefix("create")
            ? .cannotCreate(path: error.path, error.errno)
            : .io(operation: error.operation, path: error.path, error.errno)
    }
}
