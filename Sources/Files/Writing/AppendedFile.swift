package import SystemPackage

/// A file that grows piece by piece. Each piece survives a power cut once ``append(_:)`` returns.
///
/// A crash can leave a part of the last piece, so its reader must be able to recognize a whole one.
package final class AppendedFile {
    private let path: FilePath
    private let file: FileDescriptor
    /// After a failed fsync, the kernel may call the pages clean, so nothing more is appended.
    private var failure: FileError?

    /// Makes an empty file with a durable name. Whatever had the name is removed.
    ///
    /// - Parameter permissions: less the process's umask.
    package init(creating path: FilePath, permissions: FilePermissions) throws(FileError) {
        try? POSIX.unlink(path)
        // Exclusive and without following links: a planted file or link is not written through.
        file = try FileError.naming("create", path) {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .append, .noFollow, .closeOnExec],
                permissions: permissions)
        }
        self.path = path
        do throws(FileError) {
            try DurableFile.synchronizeDirectory(of: path)
        } catch {
            try? POSIX.unlink(path)
            throw error
        }
    }

    deinit { try? file.close() }

    /// Writes a piece behind those that were written before.
    ///
    /// - Throws: after a failure, that failure again.
    package func append(_ bytes: [UInt8]) throws(FileError) {
        if let failure { throw failure }
        do throws(FileError) {
            try FileError.naming("write \(bytes.count) bytes to", path) { _ = try file.writeAll(bytes) }
            try FileError.naming("flush", path) { try POSIX.synchronize(file) }
        } catch {
            failure = error
            throw error
        }
    }

    /// Removes the file's name. A power cut may bring it back.
    package func remove() throws(FileError) {
        do throws(Errno) {
            try POSIX.unlink(path)
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw FileError("remove", path, error)
        }
    }
}
