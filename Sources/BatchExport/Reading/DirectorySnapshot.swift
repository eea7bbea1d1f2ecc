import Files
package import SystemPackage

/// A table's directory as a reading command sees it.
///
/// Nothing is locked or written: this is the last published state, whatever a run does meanwhile. The table's name
/// comes from the manifest, so a copied or renamed directory reads like the original.
package struct DirectorySnapshot: Sendable {
    package let directory: ExportDirectory
    /// Nil before the first batch of the first run.
    package let manifest: Manifest?
    package let stateFile: StateFile

    /// `state.json`, which only the user who exports may read.
    package enum StateFile: Sendable, Equatable {
        case read(ExportState)
        case missing
        /// This user may not read it.
        case unreadable
    }

    /// Also nil if it cannot be read.
    package var state: ExportState? { if case .read(let state) = stateFile { state } else { nil } }

    /// - Parameter path: a directory.
    /// - Throws: ``ExportError`` if a document exists and cannot be read or trusted.
    package init(reading path: FilePath) throws(ExportError) {
        // State first: a run that publishes in between can then only make the manifest the newer one.
        stateFile = try Self.stateFile(in: path)
        let named = ExportDirectory(path: path, table: path.lastComponent?.string ?? "")
        manifest = try Manifest(reading: named, remedy: Self.remedy)
        let state = if case .read(let state) = stateFile { state } else { nil as ExportState? }
        directory = ExportDirectory(
            path: path, table: manifest?.table ?? state?.request.value("table") ?? named.table)
        if manifest == nil, let state, state.needsManifest {
            throw .missingManifest(directory.manifest, remedy: Self.remedy)
        }
    }

    /// The manifest alone, for commands that need only it and the data.
    ///
    /// - Returns: nil if there is no manifest.
    /// - Throws: ``ExportError`` if it cannot be read or trusted.
    package static func manifest(in path: FilePath) throws(ExportError) -> (ExportDirectory, Manifest)? {
        guard let published = try PublishedManifest(in: path) else { return nil }
        return (published.directory, published.manifest)
    }

    /// Whether a directory has a file of a run, readable or not.
    package static func isTable(_ path: FilePath) -> Bool {
        let directory = ExportDirectory(path: path, table: "")
        return [directory.manifest, directory.state].contains { $0.isTaken }
    }

    private static let remedy = "restore the file"

    private static func stateFile(in path: FilePath) throws(ExportError) -> StateFile {
        do throws(ExportError) {
            let directory = ExportDirectory(path: path, table: "")
            return try ExportState(reading: directory, remedy: remedy).map { .read($0) } ?? .missing
        } catch .io(_, _, let errno) where errno == .permissionDenied || errno == .notPermitted {
            return .unreadable
        }
    }
}
