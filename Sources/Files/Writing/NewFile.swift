package import SystemPackage

/// Writes a file that must not exist yet.
package enum NewFile {
    /// - Parameter permissions: less the process's umask.
    /// - Throws: ``FileError`` with the operation `create` and `.fileExists` if anything has the name, also a link. What
    ///   was begun is removed again.
    package static func write(
        _ bytes: [UInt8], to path: FilePath, permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    ) throws(FileError) {
        let file = try FileError.naming("create", path) {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: permissions)
        }
        defer { try? file.close() }
        do throws(FileError) {
            try FileError.naming("write", path) { _ = try file.writeAll(bytes) }
        } catch {
            try? POSIX.unlink(path)
            throw error
        }
    }
}
