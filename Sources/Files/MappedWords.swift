package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file as numbers of 64 bits, lowest byte first, that the kernel reads and writes page by page as they are used.
///
/// So a file of gigabytes takes no memory that the machine needs elsewhere. Every access checks its bounds.
package final class MappedWords {
    package let count: Int
    @usableFromInline let words: UnsafeMutablePointer<UInt64>
    @usableFromInline let isWritable: Bool

    /// Maps a file that is only read.
    ///
    /// It must not become shorter while it is mapped.
    /// - Throws: ``FileError`` if there is no such file, if it is not a regular one, is empty, or does not have a whole
    ///   number of words.
    package init(reading path: FilePath) throws(FileError) {
        (words, count) = try FileError.naming("read", path) {
            let file = try FileDescriptor.open(path, .readOnly, options: [.noFollow, .nonBlocking, .closeOnExec])
            // A mapping outlives its descriptor.
            defer { try? file.close() }
            let status = try POSIX.status(of: file)
            let size = Int(status.st_size)
            guard status.st_mode & S_IFMT == S_IFREG, size > 0, size % Self.wordBytes == 0 else {
                throw Errno.invalidArgument
            }
            return (try Self.map(file, size, PROT_READ), size / Self.wordBytes)
        }
        isWritable = false
    }

    /// Makes a temporary file of zeros that no other process sees and that is gone when the process ends.
    ///
    /// Its room on the disk is taken at once, so that no later write can find the disk full.
    package init(zeros count: Int, temporaryIn directory: FilePath) throws(FileError) {
        precondition(count > 0, "a mapping has at least one word")
        words = try FileError.naming("make a temporary file of \(count * Self.wordBytes) bytes in", directory) {
            let file = try ScratchFile.makeFile(in: directory)
            defer { try? file.close() }
            try POSIX.allocate(file, count * Self.wordBytes)
            return try Self.map(file, count * Self.wordBytes, PROT_READ | PROT_WRITE)
        }
        self.count = count
        isWritable = true
    }

    deinit { munmap(words, count * Self.wordBytes) }

    /// A word of the file. Only a temporary file is written to.
    @inlinable
    package subscript(index: Int) -> UInt64 {
        get {
            precondition(index >= 0 && index < count, "the word is in the file")
            return UInt64(littleEndian: words[index])
        }
        set {
            precondition(isWritable && index >= 0 && index < count, "the word is in a file that is written to")
            words[index] = newValue.littleEndian
        }
    }

    private static var wordBytes: Int { MemoryLayout<UInt64>.size }

    private static func map(_ file: FileDescriptor, _ size: Int, _ access: CInt) throws -> UnsafeMutablePointer<UInt64>
    {
        let address = mmap(nil, size, access, MAP_SHARED, file.rawValue, 0)
        guard address != MAP_FAILED, let address else { throw Errno(rawValue: errno) }
        return address.bindMemory(to: UInt64.self, capacity: size / wordBytes)
    }
}
