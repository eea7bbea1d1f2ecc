package import SystemPackage

/// A file that is written over time under a temporary name, and gets its own, durably, only when it is complete.
///
/// The order is implemented here alone: write a temporary file, fsync it, give it its name, fsync the directory.
/// Without the first fsync, the name can outlive the bytes; without the second, the bytes can outlive the name. A value
/// that is dropped before that leaves no file.
package struct StagedFile: ~Copyable, Sendable {
    private let temporary: FilePath
    private let file: FileDescriptor
    /// Bytes written.
    private var count = 0
    /// How many of them the kernel was asked to write to the disk.
    private var handedOver = 0
    private var isOpen = true
    private var hasTemporaryName = true

    /// Begins an empty file.
    ///
    /// - Parameters:
    ///   - temporary: on the file system of the final name; a leftover there is removed.
    ///   - permissions: less the process's umask.
    package init(at temporary: FilePath, permissions: FilePermissions) throws(FileError) {
        try? POSIX.unlink(temporary)
        // Exclusive and without following links, so that a planted file or link is never written to.
        file = try FileError.naming("create", temporary) {
            try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: permissions)
        }
        self.temporary = temporary
    }

    deinit {
        if isOpen { try? file.close() }
        if hasTemporaryName { try? POSIX.unlink(temporary) }
    }

    /// Appends bytes to the file.
    package mutating func append(_ bytes: [UInt8]) throws(FileError) {
        try FileError.naming("write \(bytes.count) bytes to", temporary) { _ = try file.writeAll(bytes) }
        count += bytes.count
        if count - handedOver >= Self.writebackBytes {
            POSIX.beginWriteback(file, handedOver..<count)
            handedOver = count
        }
    }

    /// The disk works while the rest of the file is made. Smaller files are flushed at their end.
    private static let writebackBytes = 1 << 20

    /// Gives the file its name, which must be free.
    ///
    /// - Throws: ``FileError`` with `.fileExists` if the name is taken; that file is not changed.
    package consuming func publish(as path: FilePath) throws(FileError) {
        try flushAndClose()
        // A link, because a rename would silently replace a file that loaders may have read already.
        try FileError.naming("create", path) { try POSIX.link(temporary, as: path) }
        hasTemporaryName = false
        try FileError.naming("remove", temporary) { try POSIX.unlink(temporary) }
        try DurableFile.synchronizeDirectory(of: path)
    }

    /// Gives the file its name, replacing an existing file.
    package consuming func replace(_ path: FilePath) throws(FileError) {
        try flushAndClose()
        try FileError.naming("rename \(temporary) to", path) { try POSIX.rename(temporary, to: path) }
        hasTemporaryName = false
        try DurableFile.synchronizeDirectory(of: path)
    }

    private mutating func flushAndClose() throws(FileError) {
        // After a failed fsync the kernel may mark the pages clean, so a second fsync proves nothing: drop the file.
        try FileError.naming("flush", temporary) { try POSIX.synchronize(file) }
        isOpen = false
        try FileError.naming("close", temporary) { try file.close() }
    }
}
