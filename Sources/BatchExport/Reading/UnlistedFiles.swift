import Files
import SystemPackage

/// What lies in `data/` without being in the manifest. A reader of the directory would load it.
struct UnlistedFiles {
    private(set) var differences: [BatchDifference] = []
    /// What an unfinished run may have published last, or is about to list, and what pruning has left: nothing wrong.
    private(set) var notes: [String] = []

    private let directory: ExportDirectory
    private let listed: Set<String>
    /// The batches that an unfinished run may yet list.
    private let pending: PartialRangeFrom<Int>?
    private let manifest: Manifest
    private let isStateReadable: Bool

    init(in directory: ExportDirectory, manifest: Manifest, state: ExportState?, isStateReadable: Bool) {
        self.directory = directory
        self.manifest = manifest
        self.isStateReadable = isStateReadable
        listed = Set(manifest.batches.map(\.path))
        let next = (manifest.batches.last?.sequence ?? 0) + 1
        if !isStateReadable {
            pending = next...
            notes.append("an unfinished run is not shown: state.json is not readable by this user")
        } else {
            // State may be a step behind the manifest, never before it.
            pending = state.flatMap { $0.isUnfinished ? max($0.checkpoint.nextBatch, next)... : nil }
        }
        let data = directory.path.appending("data")
        // A link there is what every listed file is missed for; it is not followed here either.
        guard !data.isSymbolicLink else {
            if listed.isEmpty { differences.append(BatchDifference("data", .notAFile, "it is a symbolic link")) }
            return
        }
        for name in names(in: "data") ?? [] { look(at: "data/\(name)") }
    }

    /// Nil if there is no such directory. What is in one that cannot be read is not known, which is a difference.
    private mutating func names(in path: String) -> [String]? {
        do throws(FileError) {
            return try DirectoryListing.names(in: directory.path.appending(path))
        } catch {
            differences.append(BatchDifference(path, .unreadable, "\(error)"))
            return []
        }
    }

    private mutating func look(at path: String) {
        let full = directory.path.appending(path)
        guard !full.isSymbolicLink, let names = names(in: path) else { return add(path, in: nil) }
        let sequence = path.hasPrefix("data/batch=") ? Int(path.dropFirst(11)) : nil
        for name in names where !listed.contains("\(path)/\(name)") { add("\(path)/\(name)", in: sequence) }
    }

    private mutating func add(_ path: String, in sequence: Int?) {
        guard !listed.contains(where: { $0.hasPrefix(path + "/") }) else { return }
        if let sequence, pending?.contains(sequence) == true,
            FileFormat.allCases.contains(where: { directory.dataPath(sequence: sequence, format: $0) == path })
        {
            notes.append(
                isStateReadable
                    ? "\(path) is not listed yet; it is of an unfinished run, which lists it when it continues"
                    : "\(path) is not listed; if a run is unfinished, it is of that run")
        } else if let sequence, manifest.isPruned(sequence),
            directory.dataPath(sequence: sequence, format: manifest.fileFormat) == path
        {
            notes.append("\(path) is superseded; the next run with --prune-runs removes it")
        } else {
            differences.append(
                BatchDifference(path, .notListed, "the manifest does not list it; move it out of data/"))
        }
    }
}
