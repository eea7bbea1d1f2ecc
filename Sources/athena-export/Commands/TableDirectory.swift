import BatchExport
import Files
import SystemPackage

/// A table's directory that a command was told to read: the manifest and the data are all that it needs.
struct TableDirectory {
    let directory: ExportDirectory
    let manifest: Manifest

    /// - Parameters:
    ///   - argument: the path as it was typed.
    ///   - purpose: the command, for messages.
    init(_ argument: String, purpose: String) throws {
        let path = try Self.path(argument, purpose: purpose)
        guard let (directory, manifest) = try DirectorySnapshot.manifest(in: path) else {
            throw Self.missing(argument, purpose: purpose)
        }
        self.directory = directory
        self.manifest = manifest
    }

    /// The absolute path of a directory.
    ///
    /// The name that was typed may be a link, as `run` lets it be; a directory without one (`.`) has its own.
    static func path(_ argument: String, purpose: String) throws(ConfigurationError) -> FilePath {
        let path = try LocalPath.parse(argument, .option(purpose), .anyName)
        guard path.isDirectory, let absolute = absolute(path) else {
            throw .unreadable(.missing(path), purpose: purpose)
        }
        return absolute
    }

    static func missing(_ argument: String, purpose: String) -> ConfigurationError {
        .unreadable(
            .missing(FilePath(argument).appending("manifest.json")),
            purpose: "\(purpose) (give the table's directory, such as export/customers)")
    }

    private static func absolute(_ path: FilePath) -> FilePath? {
        guard let name = path.lastComponent, name.kind == .regular else { return path.resolved }
        let parent = path.removingLastComponent()
        return (parent.isEmpty ? "." : parent).resolved?.appending(name)
    }
}

/// What a command that goes through several tables was told to read.
enum ReadingTarget {
    /// One table's directory.
    case table(FilePath)
    /// The directories of the tables in the directory that was named, by name.
    case tables([FilePath])

    /// - Parameters:
    ///   - argument: the path as it was typed.
    ///   - purpose: the command, for messages.
    init(_ argument: String, purpose: String) throws(ConfigurationError) {
        let path = try TableDirectory.path(argument, purpose: purpose)
        guard !DirectorySnapshot.isTable(path) else {
            self = .table(path)
            return
        }
        let tables = (try ConfigurationError.names(in: path, purpose: purpose) ?? [])
            .filter { !$0.hasPrefix(".") }.map { path.appending($0) }.filter(DirectorySnapshot.isTable)
        guard !tables.isEmpty else { throw TableDirectory.missing(argument, purpose: purpose) }
        self = .tables(tables)
    }
}

/// A table of several that could not be read.
struct TableFailure {
    let table: String
    let error: any Error

    /// The error as it is said of the one table.
    var message: String { "\(table): \(error)" }
    var status: ExitStatus { ExitStatus(error) }
}
