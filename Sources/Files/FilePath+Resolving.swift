public import SystemPackage

extension FilePath {
    /// The absolute path without symbolic links, `.` and `..`; nil if nothing is there.
    public var resolved: FilePath? { try? POSIX.realPath(self) }

    /// Whether something is there and it is a symbolic link.
    public var isSymbolicLink: Bool { (try? POSIX.isSymbolicLink(self)) == true }
}
