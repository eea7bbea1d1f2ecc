package import SystemPackage

/// An advisory lock on a file, held while the value lives.
///
/// It is the kernel's lock on an open file, so it ends with the process in every case and leaves nothing behind. On
/// NFS, its reach depends on the server.
package final class FileLock: Sendable {
    private let file: FileDescriptor

    /// - Returns: nil if another process holds the lock.
    package init?(_ path: FilePath) throws(FileError) {
        file = try FileError.naming("create", path) {
            try FileDescriptor.open(
                path, .readWrite, options: [.create, .noFollow, .closeOnExec], permissions: .ownerReadWrite)
        }
        // deinit closes the file, also of a lock that is not taken.
        guard try Self.take(file, path) else { return nil }
    }

    deinit {
        // After closing alone, a child process that has not yet started its program would still hold the lock.
        POSIX.unlock(file)
        try? file.close()
    }

    /// Whether another process holds the lock now; nil if this process may not open the file.
    ///
    /// Needs no write access. A missing file was never locked.
    package static func isHeld(_ path: FilePath) -> Bool? {
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

    /// ``isHeld(_:)`` takes the lock for a moment. A run that begins in that moment tries again.
    private static let attempts = 20

    private static func take(_ file: FileDescriptor, _ path: FilePath) throws(FileError) -> Bool {
        for attempt in 1...attempts {
            if try FileError.naming("lock", path, { try POSIX.tryLock(file) }) { return true }
            if attempt < attempts { POSIX.pause(milliseconds: 5) }
        }
        return false
    }
}
