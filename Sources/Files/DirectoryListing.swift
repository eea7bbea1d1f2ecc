package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The names in a directory.
package enum DirectoryListing {
    /// The names in byte order, without `.` and `..`; nil if there is no such directory.
    ///
    /// - Throws: ``FileError`` for a directory that cannot be read, whose names are unknown.
    package static func names(in path: FilePath) throws(FileError) -> [String]? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                path.isEmpty ? "." : path, .readOnly, options: [.directory, .closeOnExec, .nonBlocking])
        } catch let error as Errno where error == .noSuchFileOrDirectory || error == .notDirectory {
            return nil
        } catch {
            throw FileError("open directory", path, error as? Errno ?? .ioError)
        }
        guard let stream = fdopendir(file.rawValue) else {
            let error = Errno(rawValue: errno)
            try? file.close()
            throw FileError("open directory", path, error)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw FileError("read directory", path, Errno(rawValue: errno)) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
