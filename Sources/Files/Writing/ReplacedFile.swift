package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is written over time and gets its name, durably, only when it is complete.
///
/// The file that had the name before stays readable until then. A value that is dropped before ``commit()`` leaves no
/// file.
package final class ReplacedFile {
    private let path: FilePath
    /// Nil once it is committed or the commit has failed.
    private var staged: StagedFile?

    /// - Parameter permissions: less the process's umask.
    /// - Throws: ``FileError`` with `create` if the file cannot be made, or if something other than a file has its name.
    package init(_ path: FilePath, permissions: FilePermissions) throws(FileError) {
        // The directory is flushed by its name, so it needs one.
        self.path = path.removingLastComponent().isEmpty ? FilePath(".").appending(path.components) : path
        // A device or a link such as /dev/stdout is not replaced, since other processes use it.
        if let type = try? POSIX.type(of: path), type != S_IFREG { throw FileError("create", path, .fileExists) }
        guard let name = path.lastComponent?.string else { throw FileError("create", path, .isDirectory) }
        let temporary = path.removingLastComponent()
            .appending(".\(name).\(String(UInt64.random(in: 0...(.max)), radix: 16)).tmp")
        staged = try StagedFile(at: temporary, permissions: permissions)
    }

    /// Appends bytes to the file.
    package func append(_ bytes: [UInt8]) throws(FileError) {
        do { try staged!.append(bytes) } catch { throw named(error) }
    }

    /// Gives the file its name.
    package func commit() throws(FileError) {
        do { try staged.take()?.replace(path) } catch { throw named(error) }
    }

    /// Errors name the final path, since the temporary name means nothing to a user.
    private func named(_ error: FileError) -> FileError { FileError(error.operation, path, error.errno) }
}
