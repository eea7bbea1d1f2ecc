import Files
import SystemPackage
import Testing
import TestSupport

@Suite struct `Staged files` {
    @Test func `a staged file gets its name only when it is complete, and then holds all that was written`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            let temporary = directory.appending("x.tmp")
            var file = try StagedFile(at: temporary, permissions: .ownerReadWrite)
            // Enough bytes to start writing to the disk several times.
            let piece = [UInt8]((0..<700_001).map { UInt8(truncatingIfNeeded: $0) })
            for _ in 0..<5 { try file.append(piece) }
            #expect(try DirectoryListing.names(in: directory) == ["x.tmp"])
            try file.publish(as: directory.appending("x"))
            #expect(try DirectoryListing.names(in: directory) == ["x"])
            let written = try BoundedFile.read(directory.appending("x"), limit: 4 << 20).bytes
            #expect(written == piece + piece + piece + piece + piece)
        }
    }

    @Test func `a staged file leaves nothing when it is given up, and what a crash left blocks no later file`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            let temporary = directory.appending("x.tmp")
            do {
                var file = try StagedFile(at: temporary, permissions: .ownerReadWrite)
                try file.append([1])
            }
            #expect(try DirectoryListing.names(in: directory) == [])
            try FileDescriptor.open(temporary, .writeOnly, options: .create, permissions: .ownerRead).close()
            var file = try StagedFile(at: temporary, permissions: .ownerReadWrite)
            try file.append([2])
            try file.replace(directory.appending("x"))
            #expect(try DirectoryListing.names(in: directory) == ["x"])
        }
    }

    @Test func `a staged file does not take a name that exists`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("x")
            var first = try StagedFile(at: directory.appending("x.tmp"), permissions: .ownerReadWrite)
            try first.append([1])
            try first.publish(as: path)
            var second = try StagedFile(at: directory.appending("x.tmp"), permissions: .ownerReadWrite)
            try second.append([2])
            do throws(FileError) {
                try second.publish(as: path)
                Issue.record("the name was taken twice")
            } catch {
                #expect(error == FileError("create", path, .fileExists))
            }
            #expect(try BoundedFile.read(path, limit: 9).bytes == [1])
            #expect(try DirectoryListing.names(in: directory) == ["x"])
        }
    }
}
