import BatchExport
import Files
import SystemPackage

/// A table's directory that a command was told to read, with what its documents say.
struct TableDirectory {
    let directory: ExportDirectory
    let manifest: Manifest
    let state: ExportState?

    /// - Parameters:
    ///   - argument: the path as it was typed.
    ///   - purpose: the command, for messages.
    init(_ argument: String, purpose: String) throws {
        let path = FilePath(argument)
        directory = try Self.find(path, purpose: purpose)
        let (manifest, state) = try ExportJournal.read(directory)
        guard let manifest else {
            throw ConfigurationError.unreadable(
                .missing(path.appending("manifest.json")),
                purpose: "\(purpose) (give the table's directory, such as export/customers)")
        }
        self.manifest = manifest
        self.state = state
    }

    static func find(_ path: FilePath, purpose: String) throws -> ExportDirectory {
        guard let named = absolute(path), let table = named.lastComponent?.string,
            DirectoryListing.names(in: named) != nil
        else { throw ConfigurationError.unreadable(.missing(path), purpose: purpose) }
        return ExportDirectory(parent: named.removingLastComponent(), table: table)
    }

    /// The name that was typed may be a link, as `run` lets it be; a directory without one (`.`) has its own.
    private static func absolute(_ path: FilePath) -> FilePath? {
        guard let name = path.lastComponent, name.kind == .regular else { return path.resolved }
        let parent = path.removingLastComponent()
        return (parent.isEmpty ? "." : parent).resolved?.appending(name)
    }
}
