package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Changes of names that survive a power cut: files that appear only when they are complete, and directories.
package enum DurableFile {
    /// Replaces the file or link at a path by a file with new content.
    ///
    /// - Parameters:
    ///   - temporary: on the same file system; a leftover there is removed.
    ///   - permissions: less the process's umask.
    package static func replace(
        _ path: FilePath, with pieces: [[UInt8]], temporary: FilePath, permissions: FilePermissions
    ) throws(FileError) {
        // A device or a pipe that a file replaces is lost to every process.
        if let type = try? POSIX.type(of: path), type != S_IFREG, type != S_IFLNK {
            throw FileError("replace", path, .fileExists)
        }
        var file = try StagedFile(at: temporary, permissions: permissions)
        for piece in pieces { try file.append(piece) }
        try file.replace(path)
    }

    /// Makes a published file's name durable, after a run that ended between giving the name and flushing the directory.
    package static func synchronizeDirectory(of path: FilePath) throws(FileError) {
        try synchronizeDirectory(path.removingLastComponent())
    }

    /// Makes a directory durably, unless it exists. Its parent must exist.
    ///
    /// - Parameter followsLinks: whether a symbolic link to a directory counts as one.
    package static func makeDirectory(_ path: FilePath, followsLinks: Bool = false) throws(FileError) {
        do throws(Errno) {
            try POSIX.makeDirectory(path)
        } catch .fileExists {
            return try checkDirectory(path, followsLinks: followsLinks)
        } catch {
            throw FileError("create directory", path, error)
        }
        try synchronizeDirectory(of: path)
    }

    /// Makes a directory and those above it that are missing. They may be symbolic links to directories.
    package static func makeDirectories(_ path: FilePath) throws(FileError) {
        guard !path.components.isEmpty else { return }
        do throws(FileError) {
            try makeDirectory(path, followsLinks: true)
        } catch let error where error.errno == .noSuchFileOrDirectory {
            // A directory that exists, such as /home, need not be writable; the ones made below it are.
            try makeDirectories(path.removingLastComponent())
            try makeDirectory(path, followsLinks: true)
        }
    }

    /// Removes a file durably. A missing file is no error.
    package static func remove(_ path: FilePath) throws(FileError) {
        do throws(Errno) {
            try POSIX.unlink(path)
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw FileError("remove", path, error)
        }
        try synchronizeDirectory(of: path)
    }

    /// Removes a directory. A missing directory is no error, nor is one that is not empty.
    package static func removeDirectoryIfEmpty(_ path: FilePath) throws(FileError) {
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
}
