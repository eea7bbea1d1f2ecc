package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes a text to the path that a user names.
package enum NamedOutput {
    /// Replaces a regular file, or makes it; writes to a character device, to a pipe that has a reader, and to this
    /// process's standard output and error under any name, such as `/dev/stdout`.
    ///
    /// Nothing else is replaced or written to: a link would lead to a file that was not named, and a device that a file
    /// replaces is lost to the whole machine.
    /// - Parameter permissions: of a file, less the process's umask.
    /// - Throws: ``FileError`` with `.fileExists` for anything else.
    package static func write(
        _ bytes: [UInt8], to path: FilePath, permissions: FilePermissions
    ) throws(FileError) {
        guard let status = try? POSIX.status(at: path), isStream(status) else {
            let file = try ReplacedFile(path, permissions: permissions)
            try file.append(bytes)
            return try file.commit()
        }
        // Non-blocking: opening a pipe would otherwise wait for a reader. It must not become the process's terminal.
        let options: FileDescriptor.OpenOptions = [.append, .nonBlocking, .closeOnExec, .init(rawValue: O_NOCTTY)]
        try FileError.naming("write to", path) {
            let file = try FileDescriptor.open(path, .writeOnly, options: options)
            defer { try? file.close() }
            // Another file may have the name by now.
            guard isStream(try POSIX.status(of: file)) else { throw Errno.fileExists }
            var rest = bytes[...]
            while !rest.isEmpty {
                do {
                    rest = rest.dropFirst(try rest.withUnsafeBytes { try file.write($0) })
                } catch Errno.wouldBlock {
                    guard try POSIX.waitForRoom(in: file, seconds: secondsForReader) else { throw Errno.wouldBlock }
                }
            }
        }
    }

    /// How long a full pipe may stay full: a job must not hang because of a reader that does.
    private static let secondsForReader = 30

    private static func isStream(_ status: stat) -> Bool {
        if [S_IFCHR, S_IFIFO].contains(status.st_mode & S_IFMT) { return true }
        return [FileDescriptor.standardOutput, .standardError].contains { file in
            (try? POSIX.status(of: file)).map { FileIdentity($0) } == FileIdentity(status)
        }
    }
}
