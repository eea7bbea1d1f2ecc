import CGlibc
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Calls that swift-system lacks, with its types: paths instead of C strings, ``Errno`` instead of -1.
enum POSIX {
    static func makeDirectory(_ path: FilePath) throws(Errno) {
        try check { path.withPlatformString { mkdir($0, 0o777) } }
    }

    /// Gives a file a second name, and fails if that name is taken. (`rename` would replace the existing file.)
    static func link(_ path: FilePath, as newPath: FilePath) throws(Errno) {
        try check {
            path.withPlatformString { old in newPath.withPlatformString { linkat(AT_FDCWD, old, AT_FDCWD, $0, 0) } }
        }
    }

    static func rename(_ path: FilePath, to newPath: FilePath) throws(Errno) {
        try check { path.withPlatformString { old in newPath.withPlatformString { systemRename(old, $0) } } }
    }

    static func unlink(_ path: FilePath) throws(Errno) {
        try check { path.withPlatformString { unlinkat(AT_FDCWD, $0, 0) } }
    }

    static func removeDirectory(_ path: FilePath) throws(Errno) {
        try check { path.withPlatformString { unlinkat(AT_FDCWD, $0, AT_REMOVEDIR) } }
    }

    /// Flushes what was written to a descriptor to the disk, so that it survives a power cut.
    static func synchronize(_ file: FileDescriptor) throws(Errno) {
        #if canImport(Darwin)
            // fsync on Darwin stops at the drive's cache.
            try check { fcntl(file.rawValue, F_FULLFSYNC) }
        #else
            try check { fsync(file.rawValue) }
        #endif
    }

    /// Asks the kernel to start writing a part of a file to the disk, so that ``synchronize(_:)`` takes less time. Does
    /// nothing on systems without such a call.
    static func beginWriteback(_ file: FileDescriptor, _ range: Range<Int>) {
        cglibc_begin_writeback(file.rawValue, Int64(range.lowerBound), Int64(range.count))
    }

    /// Gives a file a size, and the room for it on the disk.
    static func allocate(_ file: FileDescriptor, _ size: Int) throws(Errno) {
        #if canImport(Darwin)
            try check { ftruncate(file.rawValue, off_t(size)) }
        #else
            // Returns the error instead of setting it.
            var error: CInt
            repeat { error = posix_fallocate(file.rawValue, 0, off_t(size)) } while error == EINTR
            guard error == 0 else { throw Errno(rawValue: error) }
        #endif
    }

    /// Takes the kernel's lock on an open file, which ends with the process; false if another process has it.
    ///
    /// - Parameter isShared: whether others may have the lock in the same way at the same time.
    static func tryLock(_ file: FileDescriptor, isShared: Bool = false) throws(Errno) -> Bool {
        do throws(Errno) {
            try check { flock(file.rawValue, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) }
            return true
        } catch .wouldBlock {
            return false
        }
    }

    static func unlock(_ file: FileDescriptor) {
        _ = flock(file.rawValue, LOCK_UN)
    }

    /// Blocks the calling thread for a moment.
    static func pause(milliseconds: Int) {
        var time = timespec(tv_sec: 0, tv_nsec: milliseconds * 1_000_000)
        nanosleep(&time, nil)
    }

    static func status(of file: FileDescriptor) throws(Errno) -> stat {
        var status = stat()
        try check { fstat(file.rawValue, &status) }
        return status
    }

    /// Waits until a pipe that was opened without blocking has something to read or its writers are gone. Then makes reads
    /// block.
    static func waitForInput(_ pipe: FileDescriptor) throws(Errno) {
        var entry = pollfd(fd: pipe.rawValue, events: CShort(POLLIN), revents: 0)
        try check { poll(&entry, 1, -1) < 0 ? -1 : 0 }
        let flags = fcntl(pipe.rawValue, F_GETFL)
        try check { fcntl(pipe.rawValue, F_SETFL, flags & ~O_NONBLOCK) }
    }

    /// Waits until a pipe that was opened without blocking has room or its readers are gone.
    ///
    /// - Returns: whether that happened in so many seconds.
    static func waitForRoom(in pipe: FileDescriptor, seconds: Int) throws(Errno) -> Bool {
        var entry = pollfd(fd: pipe.rawValue, events: CShort(POLLOUT), revents: 0)
        var count: CInt = 0
        try check {
            count = poll(&entry, 1, CInt(seconds * 1000))
            return count < 0 ? -1 : 0
        }
        return count > 0
    }

    /// Opens a name in an open directory.
    static func open(_ name: String, in directory: FileDescriptor, flags: CInt) throws(Errno) -> FileDescriptor {
        var file: CInt = -1
        try check {
            file = openat(directory.rawValue, name, flags | O_CLOEXEC)
            return file < 0 ? -1 : 0
        }
        return FileDescriptor(rawValue: file)
    }

    /// The type of the file, from `st_mode`. A symbolic link is not followed.
    static func type(of path: FilePath) throws(Errno) -> mode_t { try statusOfName(path).st_mode & S_IFMT }

    /// The status of the file. A symbolic link is not followed.
    static func statusOfName(_ path: FilePath) throws(Errno) -> stat {
        var status = stat()
        try check { path.withPlatformString { lstat($0, &status) } }
        return status
    }

    /// The status of the file. Symbolic links are followed.
    static func status(at path: FilePath) throws(Errno) -> stat {
        var status = stat()
        try check { path.withPlatformString { stat($0, &status) } }
        return status
    }

    static func isSymbolicLink(_ path: FilePath) throws(Errno) -> Bool { try type(of: path) == S_IFLNK }

    /// The path without symbolic links, `.` and `..`.
    static func realPath(_ path: FilePath) throws(Errno) -> FilePath {
        guard let resolved = path.withPlatformString({ realpath($0, nil) }) else { throw Errno(rawValue: errno) }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }

    private static func check(_ call: () -> CInt) throws(Errno) {
        while call() != 0 {
            let error = Errno(rawValue: errno)
            guard error == .interrupted else { throw error }
        }
    }
}

/// An alias, because the method of the same name hides the function.
private func systemRename(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> CInt {
    renameat(AT_FDCWD, old, AT_FDCWD, new)
}
