import Files
import SystemPackage

/// A file that a command reads whole: a regular one, a pipe, or standard input.
enum InputPath {
    case standardInput
    case file(FilePath)

    /// - Parameter text: `-` is standard input.
    init(
        _ text: String, _ origin: SettingOrigin, from directory: FilePath = ""
    ) throws(ConfigurationError) {
        self = text == "-" ? .standardInput : .file(try LocalPath.parse(text, origin, .anyName, from: directory))
    }

    struct Content {
        let bytes: [UInt8]
        /// Whether the file's mode lets its group or everyone read it.
        let isReadableByOthers: Bool
        /// The path of a regular file; nil for a stream.
        let file: FilePath?
    }

    /// - Parameters:
    ///   - limit: in bytes.
    ///   - purpose: the role of the file, for messages.
    func read(limit: Int, purpose: String) throws(ConfigurationError) -> Content {
        do {
            switch self {
            case .standardInput:
                let bytes = try BoundedFile.readStream(.standardInput, named: "standard input", limit: limit)
                return Content(bytes: bytes, isReadableByOthers: false, file: nil)
            case .file(let path):
                let content = try BoundedFile.read(path, limit: limit, takesPipes: true)
                return Content(
                    bytes: content.bytes, isReadableByOthers: content.isReadableByOthers,
                    file: content.isPipe ? nil : path)
            }
        } catch {
            throw .unreadable(error, purpose: purpose)
        }
    }
}

extension InputPath: CustomStringConvertible {
    var description: String {
        switch self {
        case .standardInput: "standard input"
        case .file(let path): "\(path)"
        }
    }
}
