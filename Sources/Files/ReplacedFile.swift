public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is written over time and takes its name, durably, only when it is complete.
///
/// What had the name before stays readable until then. A value that is dropped before ``commit()`` leaves nothing.
public final class ReplacedFile {
    private let path: FilePath
    private let temporary: FilePath
    private let file: FileDescriptor
    private var isOpen = true
    private var isCommitted = false

    /// - Parameter permissions: less the process's umask.
    /// - Throws: ``FileError`` with `create` if the file cannot be made, or if something other than a file has its name.
    public init(_ path: FilePath, permissions: FilePermissions) throws(FileError) {
        // The directory is flushed by its name, so it must have one.
        self.path = path.removingLastComponent().isEmpty ? FilePath(".").appending(path.components) : path
        // Replacing a device or a link such as /dev/stdout would be a surprise for more than this process.
        if let type = try? POSIX.type(of: path), type != S_IFREG { throw FileError("create", path, .fileExists) }
        guard let name = path.lastComponent?.string else { throw FileError("create", path, .isDirectory) }
        let temporary = path.removingLastComponent()
            .appending(".\(name).\(String(UInt64.random(in: 0...(.max)), radix: 16)).tmp")
        self.temporary = temporary
        file = try FileError.naming("create", temporary) {
            try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: permissions)
        }
    }

    deinit {
        if isOpen { try? file.close() }
        if !isCommitted { try? POSIX.unlink(temporary) }
    }

    /// Writes behind what was written before.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        try FileError.naming("write", path) { _ = try file.writeAll(bytes) }
    }

    /// Gives the file its name.
    public func commit() throws(FileError) {
        try FileError.naming("flush", path) { try POSIX.synchronize(file) }
        isOpen = false
        try FileError.naming("close", path) { try file.close() }
        try FileError.naming("rename \(temporary) to", path) { try POSIX.rename(temporary, to: path) }
        isCommitted = true
        try DurableFile.synchronizeDirectory(of: path)
    }
}
