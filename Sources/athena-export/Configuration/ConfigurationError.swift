import BatchExport
import Files
import SystemPackage

/// A setting that cannot be used: where it came from, what is wrong, and so how the process ends.
enum ConfigurationError: Error, CustomStringConvertible {
    /// An option on the command line.
    case option(name: String, problem: String)
    /// A key of the configuration file.
    case key(name: String, file: FilePath, problem: String)
    /// The statement, wherever it stands, may not be sent as it is.
    case statement(place: String, problem: String)
    /// The configuration file as a whole.
    case file(FilePath, problem: String)
    /// A file that was named does not exist or cannot be read.
    case unreadable(BoundedFile.Failure, purpose: String)

    /// The names in a directory that was named; nil if there is no such directory.
    static func names(in directory: FilePath, purpose: String) throws(ConfigurationError) -> [String]? {
        do throws(FileError) {
            return try DirectoryListing.names(in: directory)
        } catch {
            throw .unreadable(.unreadable(error), purpose: purpose)
        }
    }

    var description: String {
        switch self {
        case .option(let name, let problem): "\(name): \(problem)"
        case .key(let name, let file, let problem): "\(file): \(name): \(problem)"
        case .statement(let place, let problem): "\(place): \(problem)"
        case .file(let file, let problem): "\(file): \(problem)"
        case .unreadable(let failure, let purpose): "\(purpose): \(failure); \(Self.advice(failure))"
        }
    }

    private static func advice(_ failure: BoundedFile.Failure) -> String {
        switch failure {
        case .missing, .notAFile: "check the path"
        case .tooLarge: "name the right file"
        case .unreadable:
            failure.remedy.map { "\($0), then run the same command again" } ?? "check the path and its permissions"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .option, .statement: .usage
        case .key, .file: .configuration
        case .unreadable(.tooLarge, _): .configuration
        case .unreadable(let failure, _): failure.remedy == nil ? .noInput : .inputOutput
        }
    }
}

/// Where a setting was made, so that an error names it as the user wrote it.
enum SettingOrigin {
    case option(String)
    case key(String, FilePath)

    /// As a message names it.
    var place: String {
        switch self {
        case .option(let name): name
        case .key(let name, let file): "\(file): \(name)"
        }
    }

    func error(_ problem: String) -> ConfigurationError {
        switch self {
        case .option(let name): .option(name: name, problem: problem)
        case .key(let name, let file): .key(name: name, file: file, problem: problem)
        }
    }
}

/// A value and where it was set.
struct Setting<Value> {
    let value: Value
    let origin: SettingOrigin

    func map<Other>(
        _ transform: (Value) throws(ConfigurationError) -> Other
    ) throws(ConfigurationError) -> Setting<Other> {
        Setting<Other>(value: try transform(value), origin: origin)
    }
}
