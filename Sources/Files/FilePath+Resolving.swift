package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension FilePath {
    /// The absolute path without symbolic links, `.` and `..`; nil if nothing exists there.
    package var resolved: FilePath? { try? POSIX.realPath(self) }

    /// Whether the name is taken, also by a dangling link, or in a directory that this user may not read.
    package var isTaken: Bool {
        do throws(Errno) {
            _ = try POSIX.type(of: self)
            return true
        } catch {
            return error != .noSuchFileOrDirectory && error != .notDirectory
        }
    }

    /// Whether this is a directory, or a link to one.
    package var isDirectory: Bool { (try? POSIX.status(at: self).st_mode & S_IFMT) == S_IFDIR }

    /// The size in bytes of a regular file; nil if the file is missing or is anything else, such as a link.
    package var regularFileSize: Int? {
        guard let status = try? POSIX.statusOfName(self), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Whether this is a regular file, or a link to one, that this user may run.
    package var isExecutableFile: Bool {
        guard let status = try? POSIX.status(at: self), status.st_mode & S_IFMT == S_IFREG else { return false }
        return access(string, X_OK) == 0
    }

    /// Whether this is a symbolic link.
    package var isSymbolicLink: Bool { (try? POSIX.isSymbolicLink(self)) == true }
}
