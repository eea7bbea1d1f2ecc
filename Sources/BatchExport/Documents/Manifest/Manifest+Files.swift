import SystemPackage

extension Manifest {
    /// A file of the table's directory, as far as copying it goes.
    package struct File: Sendable, Equatable {
        package let sequence: Int
        /// From the table's directory.
        package let path: String
        package let bytes: Int
        package let sha256: String
    }

    /// Every file that the manifest lists, by rising sequence.
    package var files: [File] {
        entries.map {
            File(sequence: $0.sequence, path: $0.file.path, bytes: $0.file.bytes, sha256: $0.file.sha256)
        }
    }

    /// The sequence of a file of this table; nil if its path is none that a run or an upload makes.
    package func sequence(ofPath path: String) -> Int? {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        let suffix = ".\(fileFormat.fileSuffix)"
        let name = (names.last ?? "").dropLast(names.first == "redshift" ? RedshiftManifest.suffix.count : 0)
        guard name.hasPrefix("\(table)-"), name.hasSuffix(suffix),
            let sequence = Int(name.dropFirst(table.count + 1).dropLast(suffix.count)), sequence > 0
        else { return nil }
        let directory = ExportDirectory(parent: "", table: table)
        let data = directory.dataPath(sequence: sequence, format: fileFormat)
        let deleted = directory.deletedPath(sequence: sequence, format: fileFormat)
        let own = [data, deleted, RedshiftManifest.path(ofFile: data)]
        // By bytes: Strings are also equal that only look alike, such as K and the sign of Kelvin.
        return own.contains { $0.utf8.elementsEqual(path.utf8) } ? sequence : nil
    }

    /// What an earlier manifest of the same directory cannot have and this one has; nil if it can be one.
    ///
    /// - Parameter other: the manifest that this one is to take the place of.
    package func difference(toEarlier other: Manifest) -> String? {
        guard other.table == table else { return "it is of table \(other.table), and not of \(table)" }
        let differences = other.differences(toKey: primaryKey, format: fileFormat)
        guard differences.isEmpty else {
            return "it is of another export of the table (\(differences.joined(separator: "; ")))"
        }
        // A run that was abandoned can be followed by another one of its name.
        let known = Set(runs.flatMap { [$0.identity] + ($0.status == .running ? [] : [$0.identity + ["ended"]]) })
        for run in other.runs where !known.contains(run.identity + (run.status == .running ? [] : ["ended"])) {
            // A directory begins with its first run, and keeps it in the list.
            let isOfThis = runs.isEmpty || other.runs.contains { known.contains($0.identity) }
            return isOfThis
                ? "it is newer: it has run \(run.runID), which this directory does not have so far"
                : "it is of another directory: it has run \(run.runID), and no run of this one"
        }
        if let range = other.pruned.first(where: { !$0.allSatisfy(isPruned) }) {
            return "it is newer: batch \(range.lowerBound) is pruned there"
        }
        let own = Dictionary(files.map { ($0.path, $0) }) { first, _ in first }
        for file in other.files where own[file.path] != file && !isPruned(file.sequence) {
            return own[file.path] == nil
                ? "it is newer: it lists \(file.path), which this directory does not have so far"
                : "it is of another export of the table: \(file.path) has another content there"
        }
        return nil
    }
}

extension Manifest.Run {
    fileprivate var identity: [String] { [runID, startedAt] }
}
