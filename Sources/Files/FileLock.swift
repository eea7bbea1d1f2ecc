public import SystemPackage

/// An advisory lock on a file, held while the value lives.
///
/// The kernel's own lock on an open file: it ends with the process, however that ends, so there is nothing to clean up.
/// On NFS, how far it reaches depends on the server.
public final class FileLock: Sendable {
    private let file: FileDescriptor

    /// - Returns: nil if another process holds the lock.
    public init?(_ path: FilePath) throws(FileError) {
        file = try FileError.naming("create", path) {
            try FileDescriptor.open(
                path, .readWrite, options: [.create, .noFollow, .closeOnExec], permissions: .ownerReadWrite)
        }
        guard try Self.take(file, path) else {
            try? file.close()
            return nil
        }
    }

    deinit {
        // Closing alone would leave the lock to a child process that has the file until it has become its program.
        POSIX.unlock(file)
        try? file.close()
    }

    /// Whether another process holds the lock now; nil if this process may not open the file.
    ///
    /// Needs no write access. A file that is not there was never locked.
    public static func isHeld(_ path: FilePath) -> Bool? {
        let file: FileDescriptor
        do {
            // Non-blocking: opening a pipe would otherwise wait for a writer.
            file = try FileDescriptor.open(path, .readOnly, options: [.noFollow, .closeOnExec, .nonBlocking])
        } catch let error as Errno where error == .noSuchFileOrDirectory || error == .notDirectory {
            return false
        } catch {
            return nil
        }
        defer { try? file.close() }
        guard let isFree = try? POSIX.tryLock(file, isShared: true) else { return nil }
        if isFree { POSIX.unlock(file) }
        return !isFree
    }

    /// ``isHeld(_:)`` takes the lock for a moment, which must not end a run that begins in that moment.
    private static let attempts = 20

    private static func take(_ file: FileDescriptor, _ path: FilePath) throws(FileError) -> Bool {
        for attempt in 1...attempts {
            if try FileError.naming("lock", path, { try POSIX.tryLock(file) }) { return true }
            if attempt < attempts { POSIX.pause(milliseconds: 5) }
        }
        return false
    }
}
