public import SystemPackage

/// Files that appear under their name only complete, and stay there through a power cut.
///
/// The one place that knows the order: write a temporary, fsync it, give it its name, fsync the directory. Without the
/// first fsync the name can outlive the bytes; without the second the bytes can outlive the name.
public enum DurableFile {
    /// Puts new content in the place of whatever has the name.
    ///
    /// - Parameters:
    ///   - temporary: on the same file system; a leftover there is removed.
    ///   - permissions: less the process's umask.
    public static func replace(
        _ path: FilePath, with pieces: [[UInt8]], temporary: FilePath, permissions: FilePermissions
    ) throws(FileError) {
        try write(pieces, to: temporary, permissions: permissions)
        do throws(FileError) {
            try FileError.naming("rename \(temporary) to", path) { try POSIX.rename(temporary, to: path) }
        } catch {
            try? POSIX.unlink(temporary)
            throw error
        }
        try synchronizeDirectory(of: path)
    }

    /// Gives content a name that nothing has yet.
    ///
    /// - Throws: ``FileError`` with `.fileExists` if something has the name; it stays as it is.
    public static func publish(
        _ path: FilePath, _ pieces: [[UInt8]], temporary: FilePath, permissions: FilePermissions
    ) throws(FileError) {
        try write(pieces, to: temporary, permissions: permissions)
        do throws(FileError) {
            // A link, because a rename would silently replace a file that loaders may know already.
            try FileError.naming("create", path) { try POSIX.link(temporary, as: path) }
        } catch {
            try? POSIX.unlink(temporary)
            throw error
        }
        try FileError.naming("remove", temporary) { try POSIX.unlink(temporary) }
        try synchronizeDirectory(of: path)
    }

    /// Makes sure that a published file's name is durable as well, after a run that died before it could.
    public static func synchronizeDirectory(of path: FilePath) throws(FileError) {
        try synchronizeDirectory(path.removingLastComponent())
    }

    /// Makes a directory, durably, unless it is there. Its parent must be there.
    ///
    /// - Parameter followsLinks: whether a symbolic link to a directory will do as well.
    public static func makeDirectory(_ path: FilePath, followsLinks: Bool = false) throws(FileError) {
        do throws(Errno) {
            try POSIX.makeDirectory(path)
        } catch .fileExists {
            return try checkDirectory(path, followsLinks: followsLinks)
        } catch {
            throw FileError("create directory", path, error)
        }
        try synchronizeDirectory(of: path)
    }

    /// Makes a directory and everything above it that is missing. Where directories lie may be arranged with links.
    public static func makeDirectories(_ path: FilePath) throws(FileError) {
        guard !path.components.isEmpty else { return }
        do throws(FileError) {
            try makeDirectory(path, followsLinks: true)
        } catch let error where error.errno == .noSuchFileOrDirectory {
            // What is there already may be closed to us, such as /home; what is made below it is not.
            try makeDirectories(path.removingLastComponent())
            try makeDirectory(path, followsLinks: true)
        }
    }

    /// Removes a file, durably; it is no error if there is none.
    public static func remove(_ path: FilePath) throws(FileError) {
        do throws(Errno) {
            try POSIX.unlink(path)
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw FileError("remove", path, error)
        }
        try synchronizeDirectory(of: path)
    }

    /// Removes a directory; it is no error if there is none, or if something is in it.
    public static func removeDirectoryIfEmpty(_ path: FilePath) throws(FileError) {
        do throws(Errno) {
            try POSIX.removeDirectory(path)
        } catch .noSuchFileOrDirectory, .directoryNotEmpty, .fileExists {
            return
        } catch {
            throw FileError("remove directory", path, error)
        }
        try synchronizeDirectory(of: path)
    }

    private static func checkDirectory(_ path: FilePath, followsLinks: Bool) throws(FileError) {
        let options: FileDescriptor.OpenOptions = followsLinks ? [] : [.noFollow]
        try FileError.naming("create directory", path) {
            try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec, options]).close()
        }
    }

    private static func synchronizeDirectory(_ named: FilePath) throws(FileError) {
        let path = named.isEmpty ? "." : named
        try FileError.naming("flush directory", path) {
            let directory = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
            defer { try? directory.close() }
            try POSIX.synchronize(directory)
        }
    }

    private static func write(
        _ pieces: [[UInt8]], to path: FilePath, permissions: FilePermissions
    ) throws(FileError) {
        try? POSIX.unlink(path)
        // Exclusive and without following links: nobody's planted file or link is written through.
        let file = try FileError.naming("create", path) {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: permissions)
        }
        let size = pieces.reduce(0) { $0 + $1.count }
        do throws(FileError) {
            try FileError.naming("write \(size) bytes to", path) {
                for piece in pieces { try file.writeAll(piece) }
            }
            // After a failed fsync the kernel may call the pages clean: never ask twice, drop the file.
            try FileError.naming("flush", path) { try POSIX.synchronize(file) }
        } catch {
            try? file.close()
            try? POSIX.unlink(path)
            throw error
        }
        do throws(FileError) {
            try FileError.naming("close", path) { try file.close() }
        } catch {
            try? POSIX.unlink(path)
            throw error
        }
    }
}
