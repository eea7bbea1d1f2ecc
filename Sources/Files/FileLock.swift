public import SystemPackage

/// An advisory lock on a file, held while the value lives.
///
/// The kernel's own lock on an open file: it ends with the process, however that ends, so there is nothing to clean up.
/// Over NFS its reach is the server's affair.
public final class FileLock: Sendable {
    private let file: FileDescriptor

    /// - Returns: nil if another process holds the lock.
    public init?(_ path: FilePath) throws(FileError) {
        file = try FileError.naming("create", path) {
            try FileDescriptor.open(
                path, .readWrite, options: [.create, .noFollow, .closeOnExec], permissions: .ownerReadWrite)
        }
        let taken = try FileError.naming("lock", path) { [file] in try POSIX.tryLock(file) }
        guard taken else {
            try? file.close()
            return nil
        }
    }

    deinit {
        // Closing alone would leave the lock to a child process that has the file until it has become its program.
        POSIX.unlock(file)
        try? file.close()
    }
}
