public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension FilePath {
    /// The absolute path without symbolic links, `.` and `..`; nil if nothing is there.
    public var resolved: FilePath? { try? POSIX.realPath(self) }

    /// Whether something has the name, a link that leads nowhere included; also where this user may not look.
    public var isTaken: Bool {
        do throws(Errno) {
            _ = try POSIX.type(of: self)
            return true
        } catch {
            return error != .noSuchFileOrDirectory && error != .notDirectory
        }
    }

    /// Whether a directory is there, or a link that leads to one.
    public var isDirectory: Bool { (try? POSIX.status(at: self).st_mode & S_IFMT) == S_IFDIR }

    /// The size in bytes of a regular file; nil if anything else, a link included, or nothing has the name.
    public var regularFileSize: Int? {
        guard let status = try? POSIX.statusOfName(self), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Whether a regular file is there, or a link that leads to one, that this user may run.
    public var isExecutableFile: Bool {
        guard let status = try? POSIX.status(at: self), status.st_mode & S_IFMT == S_IFREG else { return false }
        return access(string, X_OK) == 0
    }

    /// Whether something is there and it is a symbolic link.
    public var isSymbolicLink: Bool { (try? POSIX.isSymbolicLink(self)) == true }
}
