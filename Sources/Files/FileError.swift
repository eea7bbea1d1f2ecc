package import SystemPackage

/// A file operation that failed: the operation, the path, and the system's answer.
package struct FileError: Error, Equatable, CustomStringConvertible {
    /// A verb that can follow "cannot": `write`, `create`.
    package let operation: String
    package let path: FilePath
    package let errno: Errno

    package init(_ operation: String, _ path: FilePath, _ errno: Errno) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    package var description: String { "cannot \(operation) \(path): \(errno)" }

    /// Runs one call and adds the operation and the path to its error.
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
    /// The advice if a limit of the disk, the machine or the process is reached, so that no other path would help; nil
    /// for other errors. "then run the same command again" can follow it.
    package var remedy: String? {
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
