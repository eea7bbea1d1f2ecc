import Files
import Foundation
import SystemPackage
import Testing

@Suite struct `The names in a directory` {
    @Test func `names are in byte order, with hidden ones and without the two that every directory has`() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["b", "a", ".c", "ä", "B"] {
                try FileDescriptor.open(
                    directory.appending(name), .writeOnly, options: .create, permissions: .ownerReadWrite
                ).close()
            }
            #expect(try DirectoryListing.names(in: directory) == [".c", "B", "a", "b", "ä"])
        }
    }

    @Test func `there are no names where there is no directory`() async throws {
        try await withTemporaryDirectory { directory in
            #expect(try DirectoryListing.names(in: directory.appending("missing")) == nil)
            let file = directory.appending("file")
            try FileDescriptor.open(file, .writeOnly, options: .create, permissions: .ownerReadWrite).close()
            #expect(try DirectoryListing.names(in: file) == nil)
            #expect(try DirectoryListing.names(in: file.appending("x")) == nil)
            #expect(try DirectoryListing.names(in: "")?.isEmpty == false)
        }
    }

    @Test func `names are unknown, and not none, where the directory cannot be read`() async throws {
        try await withTemporaryDirectory { directory in
            let loop = directory.appending("loop")
            try FileManager.default.createSymbolicLink(atPath: loop.string, withDestinationPath: "loop")
            #expect(throws: FileError("open directory", loop, .tooManySymbolicLinkLevels)) {
                try DirectoryListing.names(in: loop)
            }
        }
    }

    @Test(
        arguments: [
            (.tooManyOpenFiles, "ulimit -n"), (.tooManyOpenFilesInSystem, "end programs"), (.noSpace, "make room"),
            (.diskQuotaExceeded, "make room"), (.fileTooLarge, "ulimit -f"), (.noMemory, "memory"),
            (.permissionDenied, nil), (.ioError, nil),
        ] as [(Errno, String?)])
    func `names that a limit hides are an error with what to do about it`(_ errno: Errno, _ words: String?) {
        let failure = BoundedFile.Failure.unreadable(FileError("open directory", "x", errno))
        #expect(words == nil ? failure.remedy == nil : failure.remedy?.contains(words ?? "") == true)
        #expect(BoundedFile.Failure.missing("x").remedy == nil)
    }
}
