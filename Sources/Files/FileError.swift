public import SystemPackage

/// A file operation that failed: what was tried, on which path, and the system's answer.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// Written so that "cannot" can stand before it: `write`, `create`.
    public let operation: String
    public let path: FilePath
    public let errno: Errno

    public init(_ operation: String, _ path: FilePath, _ errno: Errno) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    public var description: String { "cannot \(operation) \(path): \(errno)" }

    /// Runs one call and says what it was for if it fails.
    static func naming<Result>(
        _ operation: String, _ path: FilePath, _ call: () throws -> Result
    ) throws(FileError) -> Result {
        do {
            return try call()
        } catch let errno as Errno {
            throw FileError(operation, path, errno)
        } catch {
            throw FileError(operation, path, .ioError)
        }
    }
}

extension Errno {
    /// What to do where a limit of the disk, the machine or the process is reached, which no other path would help; nil
    /// for other errors. Written so that "then run the same command again" can follow.
    public var remedy: String? {
        switch self {
        case .noSpace, .diskQuotaExceeded: "make room"
        case .tooManyOpenFiles: "raise the limit of open files (ulimit -n)"
        case .tooManyOpenFilesInSystem: "end programs that hold files open"
        case .fileTooLarge: "raise the limit of file sizes (ulimit -f)"
        case .noMemory: "give the process more memory"
        default: nil
        }
    }
}
