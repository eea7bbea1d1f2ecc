package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Small files that are read whole: configuration, state, manifest, fixtures.
package enum BoundedFile {
    /// The bytes of a file, and whether other users may read it.
    package struct Content: Sendable {
        package let bytes: [UInt8]
        /// Whether the file's mode lets its group or everyone read it.
        package let isReadableByOthers: Bool
        /// Whether the path leads to a pipe, which cannot be read again.
        package let isPipe: Bool
    }

    /// Why a file cannot be read whole.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case missing(FilePath)
        /// The path leads to a directory, pipe or device.
        case notAFile(FilePath)
        case tooLarge(FilePath, limit: Int)
        case unreadable(FileError)

        package var description: String {
            switch self {
            case .missing(let path), .notAFile(let path), .tooLarge(let path, _): "\(path) \(problem)"
            case .unreadable(let error): "\(error)"
            }
        }

        /// The advice if a limit of the machine or the process is reached; nil if the file is at fault.
        package var remedy: String? {
            if case .unreadable(let error) = self { error.errno.remedy } else { nil }
        }

        /// The problem, without the path.
        package var problem: String {
            switch self {
            case .missing: "does not exist"
            case .notAFile: "is not a regular file"
            case .tooLarge(_, let limit): "is larger than \(limit) bytes"
            case .unreadable(let error): "cannot \(error.operation): \(error.errno)"
            }
        }
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// - Parameters:
    ///   - followsLinks: whether the path may be a symbolic link to one.
    ///   - takesPipes: whether it may be a pipe, such as a shell's `/dev/fd/63`. A pipe without a writer blocks.
    package static func read(
        _ path: FilePath, limit: Int, followsLinks: Bool = true, takesPipes: Bool = false
    ) throws(Failure) -> Content {
        let file = try open(path, followsLinks ? .nonBlocking : [.nonBlocking, .noFollow])
        defer { try? file.close() }
        let status: stat
        do { status = try POSIX.status(of: file) } catch { throw .unreadable(FileError("look at", path, error)) }
        if takesPipes, status.st_mode & S_IFMT == S_IFIFO {
            // Not opened again: a writer that has written all and is gone would not come a second time.
            do { try POSIX.waitForInput(file) } catch { throw .unreadable(FileError("read", path, error)) }
            let bytes = try readStream(file, named: path, limit: limit)
            return Content(bytes: bytes, isReadableByOthers: false, isPipe: true)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path) }
        guard status.st_size <= limit else { throw .tooLarge(path, limit: limit) }
        let bytes: [UInt8]
        do {
            bytes = try readAll(file, expecting: Int(status.st_size))
        } catch {
            throw .unreadable(FileError("read", path, error as? Errno ?? .ioError))
        }
        // The file may grow while it is read, so the limit is checked here too.
        guard bytes.count <= limit else { throw .tooLarge(path, limit: limit) }
        return Content(bytes: bytes, isReadableByOthers: status.st_mode & 0o044 != 0, isPipe: false)
    }

    /// Reads an open file such as a pipe or a terminal to its end.
    ///
    /// - Parameters:
    ///   - path: for messages.
    ///   - limit: in bytes; a longer stream is read no further.
    package static func readStream(
        _ file: FileDescriptor, named path: FilePath, limit: Int
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part: [UInt8]
            do {
                part = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
            } catch {
                throw .unreadable(FileError("read", path, error as? Errno ?? .ioError))
            }
            guard !part.isEmpty else { return bytes }
            bytes += part
            guard bytes.count <= limit else { throw .tooLarge(path, limit: limit) }
        }
    }

    private static func open(
        _ path: FilePath, _ options: FileDescriptor.OpenOptions
    ) throws(Failure) -> FileDescriptor {
        do {
            // Opening a pipe waits for a writer unless the options say otherwise.
            return try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, options])
        } catch let error as Errno where error == .noSuchFileOrDirectory || error == .notDirectory {
            throw .missing(path)
        } catch let error as Errno where error == .noSuchAddressOrDevice || error == .tooManySymbolicLinkLevels {
            // A socket, a device without a driver, symbolic links in a circle.
            throw .notAFile(path)
        } catch {
            throw .unreadable(FileError("open", path, error as? Errno ?? .ioError))
        }
    }

    private static func readAll(_ file: FileDescriptor, expecting size: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            while count < buffer.count {
                let part = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let read = try file.read(into: part)
                if read == 0 { break }
                count += read
            }
        }
    }
}
