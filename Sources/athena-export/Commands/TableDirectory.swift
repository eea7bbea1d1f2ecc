import BatchExport
import Files
import SystemPackage

/// A table's directory for a reading command, which needs only the manifest and the data.
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
    /// The typed name may be a link, as for `run`; a directory that is typed without a name (`.`) gets its real one.
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
            purpose: "\(purpose) (give the table's directory, such as export/customers, once a run has rows in files)")
    }

    private static func absolute(_ path: FilePath) -> FilePath? {
        guard let name = path.lastComponent, name.kind == .regular else { return path.resolved }
        let parent = path.removingLastComponent()
        return (parent.isEmpty ? "." : parent).resolved?.appending(name)
    }
}

/// The argument of a command that can read several tables.
enum ReadingTarget {
    /// One table's directory.
    case table(FilePath)
    /// The tables' directories in the named directory, sorted by name.
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

/// The error of one of several tables.
struct TableFailure {
    let table: String
    let error: any Error

    /// The error with the table's name.
    var message: String { "\(table): \(error)" }
    var status: ExitStatus { ExitStatus(error) }
}
