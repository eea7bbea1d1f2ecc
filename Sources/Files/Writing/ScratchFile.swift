package import SystemPackage

/// A temporary file that no other process sees. Its name is removed before it has any content, so the file vanishes
/// when the process ends in any way.
package final class ScratchFile: Sendable {
    private let file: FileDescriptor
    private let directory: FilePath

    /// Makes an empty file in a directory.
    package init(in directory: FilePath) throws(FileError) {
        self.directory = directory
        file = try FileError.naming("create a temporary file in", directory) { try Self.makeFile(in: directory) }
    }

    /// An empty file without a name.
    static func makeFile(in directory: FilePath) throws -> FileDescriptor {
        let number = String(UInt64.random(in: 0...(.max)), radix: 16)
        let path = directory.appending(namePrefix + number + nameSuffix)
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
            permissions: .ownerReadWrite)
        do { try POSIX.unlink(path) } catch {
            try? file.close()
            throw error
        }
        return file
    }

    private static let namePrefix = ".athena-export-"
    private static let nameSuffix = ".tmp"

    /// Whether a name is one that a killed process can have left of such a file.
    package static func isName(_ name: String) -> Bool { name.hasPrefix(namePrefix) && name.hasSuffix(nameSuffix) }

    deinit { try? file.close() }

    /// Appends bytes to the file.
    package func append(_ bytes: [UInt8]) throws(FileError) {
        try FileError.naming("write a temporary file in", directory) { _ = try file.writeAll(bytes) }
    }

    /// The bytes from `offset` on: `count` of them, or fewer where the file ends.
    package func read(_ count: Int, at offset: Int) throws(FileError) -> [UInt8] {
        try FileError.naming("read a temporary file in", directory) {
            try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let read = try file.read(fromAbsoluteOffset: Int64(offset + filled), into: rest)
                    if read == 0 { break }
                    filled += read
                }
            }
        }
    }
}
