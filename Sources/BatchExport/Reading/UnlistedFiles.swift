import Files
import SystemPackage

/// Files in `data/` and `deleted/` that the manifest does not list. A reader of these directories would apply them.
struct UnlistedFiles {
    private(set) var differences: [BatchDifference] = []
    /// Files that pruning has left; no difference.
    private var leftovers: [String] = []
    /// Files that an unfinished run has published and will list, by batch; no difference either.
    private var pendingFiles: [String] = []

    private let directory: ExportDirectory
    private let listed: Set<String>
    /// The directories of the listed files.
    private let listedDirectories: Set<String>
    /// The batches that an unfinished run may yet list.
    private let pending: PartialRangeFrom<Int>?
    private let manifest: Manifest
    private let isStateReadable: Bool

    init(in directory: ExportDirectory, manifest: Manifest, state: ExportState?, isStateReadable: Bool) {
        self.directory = directory
        self.manifest = manifest
        self.isStateReadable = isStateReadable
        listed = Set(manifest.entries.map(\.file.path))
        listedDirectories = Set(listed.map { FilePath($0).removingLastComponent().string })
        let next = manifest.lastSequence + 1
        if !isStateReadable {
            pending = next...
        } else {
            // Not every batch is listed at once, and the state may be a step behind the manifest.
            pending = state.flatMap { $0.isUnfinished ? max($0.firstBatch, next)... : nil }
        }
        look(through: "data")
        look(through: "deleted")
    }

    private mutating func look(through folder: String) {
        // Through a link, every listed file is reported as missing; this check does not follow it either.
        guard !directory.path.appending(folder).isSymbolicLink else {
            if !listed.contains(where: { $0.hasPrefix("\(folder)/") }) {
                differences.append(BatchDifference(folder, .notAFile, "it is a symbolic link"))
            }
            return
        }
        for name in names(in: folder) ?? [] { look(at: "\(folder)/\(name)", in: folder) }
    }

    /// Nil if there is no such directory. One that cannot be read is a difference, since its content is unknown.
    private mutating func names(in path: String) -> [String]? {
        do throws(FileError) {
            return try DirectoryListing.names(in: directory.path.appending(path))
        } catch {
            differences.append(BatchDifference(path, unreadable: error))
            return []
        }
    }

    /// Remarks that are no differences.
    var notes: [String] {
        let unread = "an unfinished run is not shown: state.json is not readable by this user"
        return (isStateReadable ? [] : [unread]) + pendingNotes + leftovers
    }

    private var pendingNotes: [String] {
        guard let first = pendingFiles.first else { return [] }
        let others = pendingFiles.count - 1
        let subject = others == 0 ? "\(first) is" : "\(first) and \(others) more behind it are"
        return [
            isStateReadable
                ? "\(subject) not listed yet; an unfinished run lists what is missing when it continues"
                : "\(subject) not listed; if a run is unfinished, it lists what is missing when it continues"
        ]
    }

    private mutating func look(at path: String, in folder: String) {
        let full = directory.path.appending(path)
        guard !full.isSymbolicLink, let names = names(in: path) else { return add(path, in: nil) }
        let prefix = "\(folder)/batch="
        let sequence = path.hasPrefix(prefix) ? Int(path.dropFirst(prefix.utf8.count)) : nil
        for name in names where !listed.contains("\(path)/\(name)") { add("\(path)/\(name)", in: sequence) }
    }

    private mutating func add(_ path: String, in sequence: Int?) {
        guard !listedDirectories.contains(path) else { return }
        if let sequence, pending?.contains(sequence) == true,
            FileFormat.allCases.contains(where: { paths(of: sequence, format: $0).contains(path) })
        {
            pendingFiles.append(path)
        } else if let sequence, manifest.isPruned(sequence),
            paths(of: sequence, format: manifest.fileFormat).contains(path)
        {
            leftovers.append("\(path) is superseded; the next run with --prune-runs removes it")
        } else {
            differences.append(
                BatchDifference(
                    path, .notListed, "the manifest does not list it; move it out of \(path.prefix { $0 != "/" })/"))
        }
    }

    private func paths(of sequence: Int, format: FileFormat) -> [String] {
        [
            directory.dataPath(sequence: sequence, format: format),
            directory.deletedPath(sequence: sequence, format: format),
        ]
    }
}
