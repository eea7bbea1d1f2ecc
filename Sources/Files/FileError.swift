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
    /// The disk, or what one may use of it, is full.
    public var isFull: Bool { self == .noSpace || self == .diskQuotaExceeded }
}
