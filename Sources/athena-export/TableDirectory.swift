import BatchExport
import Files
import SystemPackage

/// A table's directory that a command was told to read, with what its documents say.
struct TableDirectory {
    let directory: ExportDirectory
    let manifest: Manifest
    let state: ExportState?

    /// - Parameters:
    ///   - argument: the path as it was typed; `.` and links lead to the directory's own name.
    ///   - purpose: the command, for messages.
    init(_ argument: String, purpose: String) throws {
        let path = FilePath(argument)
        guard let resolved = path.resolved, let table = resolved.lastComponent?.string,
            DirectoryListing.names(in: resolved) != nil
        else { throw ConfigurationError.unreadable(.missing(path), purpose: purpose) }
        directory = ExportDirectory(parent: resolved.removingLastComponent(), table: table)
        let (manifest, state) = try ExportJournal.read(directory)
        guard let manifest else {
            throw ConfigurationError.unreadable(
                .missing(path.appending("manifest.json")),
                purpose: "\(purpose) (give the table's directory, such as export/customers)")
        }
        self.manifest = manifest
        self.state = state
    }
}
