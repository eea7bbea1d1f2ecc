import BatchExport
import Files
import SystemPackage

/// A setting that cannot be used: its source and the problem, which decide the exit status.
enum ConfigurationError: Error, CustomStringConvertible {
    /// An option on the command line.
    case option(name: String, problem: String)
    /// A key of the configuration file.
    case key(name: String, place: ConfigurationPlace, problem: String)
    /// A path that cannot exist on this machine, from any source.
    case path(name: String, place: ConfigurationPlace?, problem: String)
    /// The statement must not be sent, from any source.
    case statement(SettingOrigin, problem: String)
    /// The configuration file as a whole, or a place in its text.
    case file(ConfigurationPlace, problem: String)
    /// A named file does not exist or cannot be read.
    case unreadable(BoundedFile.Failure, purpose: String)
    /// A configuration cannot be written.
    case unwritable(FileError)
    /// Two mistakes or more.
    case several([ConfigurationError])

    /// The names in a named directory; nil if there is no such directory.
    static func names(in directory: FilePath, purpose: String) throws(ConfigurationError) -> [String]? {
        do throws(FileError) {
            return try DirectoryListing.names(in: directory)
        } catch {
            throw .unreadable(.unreadable(error), purpose: purpose)
        }
    }

    var description: String {
        switch self {
        case .several(let errors): Self.list(errors)
        case .unwritable(let error) where error.errno == .fileExists:
            "\(error); an existing file is never written over, so give another name"
        case .unwritable(let error): "\(error); \(error.errno.remedy ?? "check the path and its permissions")"
        case .unreadable(let failure, let purpose): "\(purpose): \(failure); \(Self.advice(failure))"
        default: [place.map { "\($0)" }, detail].compactMap { $0 }.joined(separator: ": ")
        }
    }

    /// The same mistake in the options that a file is to be written from.
    var ofOptions: ConfigurationError {
        switch self {
        case .several(let errors): return .several(errors.map(\.ofOptions))
        case .key(let name, _, let problem), .path(let name, _?, let problem):
            // tables[0].table, primary_key[1]
            let key = name.split(separator: ".").last?.prefix { $0 != "[" }
            let option = key.flatMap { ConfigurationKey(rawValue: String($0))?.option }
            return .option(name: option ?? name, problem: problem)
        case .statement(.key(let key, _), let problem):
            return .option(name: key.option ?? key.rawValue, problem: problem)
        default: return self
        }
    }

    /// The place of the mistake in the configuration file.
    var place: ConfigurationPlace? {
        switch self {
        case .key(_, let place, _), .file(let place, _): place
        case .path(_, let place, _): place
        case .statement(.key(_, let place), _): place
        case .statement(.option, _): nil
        case .option, .unreadable, .unwritable, .several: nil
        }
    }

    /// The problem, without the place.
    private var detail: String {
        switch self {
        case .option(let name, let problem), .key(let name, _, let problem), .path(let name, _, let problem):
            "\(name): \(problem)"
        case .statement(let origin, let problem): "\(origin.name): \(problem)"
        case .file(_, let problem): problem
        case .unreadable, .unwritable, .several: description
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

    /// One line for all: the name of the file once, and a number before each mistake.
    private static func list(_ errors: [ConfigurationError]) -> String {
        let file = errors.first?.place?.file
        let isOfOneFile = file != nil && errors.allSatisfy { $0.place?.file == file }
        let shown = errors.prefix(maximumShown).enumerated().map { index, error in
            guard isOfOneFile, let position = error.place?.position else { return "(\(index + 1)) \(error)" }
            return "(\(index + 1)) \(position): \(error.detail)"
        }
        let rest = errors.count > maximumShown ? " and \(errors.count - maximumShown) more" : ""
        return (isOfOneFile ? "\(file ?? ""): " : "") + "\(errors.count) mistakes: " + shown.joined(separator: " ")
            + rest
    }

    /// Longer lists are not read.
    private static let maximumShown = 10

    var exitStatus: ExitStatus {
        switch self {
        case .option, .path, .statement: .usage
        case .key, .file: .configuration
        case .unreadable(.tooLarge, _): .configuration
        case .unwritable(let error):
            error.operation == "create" && error.errno.remedy == nil ? .cannotCreate : .inputOutput
        case .unreadable(let failure, _): failure.remedy == nil ? .noInput : .inputOutput
        case .several(let errors): errors.first?.exitStatus ?? .configuration
        }
    }
}

/// A place in the configuration file.
struct ConfigurationPlace {
    /// The name as the user typed it.
    let file: String
    /// In bytes from the beginning of the text; nil for the file as a whole.
    let offset: Int?
    private let text: [UInt8]

    init(file: String, offset: Int?, in text: [UInt8]) {
        self.file = file
        self.offset = offset
        self.text = text
    }

    /// Counted when an error is shown: it takes as long as the text before it is, and every setting has a place.
    var position: TextPosition? { offset.map { TextPosition(offset: $0, in: text) } }
}

extension ConfigurationPlace: CustomStringConvertible {
    var description: String { position.map { "\(file): \($0)" } ?? file }
}

/// The source of a setting, so that an error names it as the user wrote it.
enum SettingOrigin: CustomStringConvertible {
    case option(String)
    case key(ConfigurationKey, ConfigurationPlace)

    /// The option or the key.
    fileprivate var name: String {
        switch self {
        case .option(let name): name
        case .key(let key, _): key.rawValue
        }
    }

    /// The option, or the key with its place in the file.
    var description: String {
        switch self {
        case .option(let name): name
        case .key(let key, let place): "\(place): \(key.rawValue)"
        }
    }

    func error(_ problem: String) -> ConfigurationError {
        switch self {
        case .option(let name): .option(name: name, problem: problem)
        case .key(let key, let place): .key(name: key.rawValue, place: place, problem: problem)
        }
    }

    /// The error for a path that leads to no place on this machine.
    func pathError(_ problem: String) -> ConfigurationError {
        switch self {
        case .option(let name): .option(name: name, problem: problem)
        case .key(let key, let place): .path(name: key.rawValue, place: place, problem: problem)
        }
    }
}

/// A value and its source.
struct Setting<Value> {
    let value: Value
    let origin: SettingOrigin

    func map<Other>(
        _ transform: (Value) throws(ConfigurationError) -> Other
    ) throws(ConfigurationError) -> Setting<Other> {
        Setting<Other>(value: try transform(value), origin: origin)
    }
}
