package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A regular file below a directory, open for reading.
///
/// The path is opened part by part, and no symbolic link is followed, so it cannot lead out of the directory.
package final class ConfinedFile: Sendable {
    /// Why the file cannot be opened.
    package enum Failure: Error, Equatable {
        case missing
        /// A symbolic link, directory, pipe or device in the place of the file or of a directory above it.
        case notAFile
        case unreadable(FileError)
    }

    /// The size when the file was opened.
    package let size: Int

    private let file: FileDescriptor
    private let path: FilePath

    /// - Parameter relativePath: names joined by `/`, none of them `..`.
    package init(_ relativePath: String, below directory: FilePath) throws(Failure) {
        path = directory.appending(relativePath)
        let names = relativePath.split(separator: "/").map(String.init)
        precondition(!names.isEmpty && !names.contains(".."), "the path stays below its directory")
        do {
            var parent = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
            defer { try? parent.close() }
            for name in names.dropLast() {
                let child = try POSIX.open(name, in: parent, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                try? parent.close()
                parent = child
            }
            // Non-blocking, since opening a pipe otherwise waits for a writer.
            file = try POSIX.open(names[names.count - 1], in: parent, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        } catch let error as Errno {
            switch error {
            case .noSuchFileOrDirectory: throw .missing
            case .notDirectory, .tooManySymbolicLinkLevels: throw .notAFile
            default: throw .unreadable(FileError("open", path, error))
            }
        } catch {
            throw .unreadable(FileError("open", path, .ioError))
        }
        do {
            let status = try POSIX.status(of: file)
            guard status.st_mode & S_IFMT == S_IFREG else { throw Failure.notAFile }
            size = Int(status.st_size)
        } catch {
            try? file.close()
            throw error as? Failure ?? .unreadable(FileError("look at", path, error as? Errno ?? .ioError))
        }
    }

    deinit { try? file.close() }

    /// Bytes of the file from an offset on, at most `count`; empty at its end. What ``read(upTo:)`` reads next stays the
    /// same.
    package func read(at offset: Int, upTo count: Int) throws(FileError) -> [UInt8] {
        try FileError.naming("read", path) {
            try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = try file.read(
                    fromAbsoluteOffset: Int64(offset), into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }

    /// The next bytes of the file, at most `count`; empty at its end.
    package func read(upTo count: Int) throws(FileError) -> [UInt8] {
        try FileError.naming("read", path) {
            try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }
}
