import Files
import Foundation
import SystemPackage
import Testing

@Suite struct `Identity of files` {
    @Test func `a place is found through links, dots, second names and names that are missing`() async throws {
        try await withTemporaryDirectory { directory in
            let table = directory.appending("export/customers")
            try FileManager.default.createDirectory(
                atPath: table.appending("data").string, withIntermediateDirectories: true)
            try #require(symlink("export/customers/data", directory.appending("link").string) == 0)
            for inside in [
                "export/customers", "export/customers/", "export/customers/data/x/y", "link", "link/x", "link/../x",
                "export/./customers/x", "export/none/../customers/x", "export/customers/data/../../customers/x",
            ] {
                #expect(directory.pushing(FilePath(inside)).isInside(table), "\(inside)")
            }
            for outside in ["", "export", "export/customers2", "export/customers/..", "link2", "export/customers/../x"]
            {
                #expect(!directory.pushing(FilePath(outside)).isInside(table), "\(outside)")
            }
            #expect(!FilePath("").isInside(table) && FilePath("/").isInside("/") && table.isInside("/"))
        }
    }

    @Test func `a place is found where neither path is there, whatever the case`() async throws {
        try await withTemporaryDirectory { directory in
            let table = directory.appending("export/customers")
            for inside in [
                "export/customers", "export/customers/data", "Export/CUSTOMERS/data", "x/../export/customers",
            ] {
                #expect(directory.pushing(FilePath(inside)).isInside(table), "\(inside)")
            }
            for outside in ["export", "export/orders", "customers", "export/customers2/x"] {
                #expect(!directory.pushing(FilePath(outside)).isInside(table), "\(outside)")
            }
        }
    }

    @Test func `a place does not depend on the name by which a file is known`() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("a")
            try Data().write(to: URL(fileURLWithPath: file.string))
            try Data().write(to: URL(fileURLWithPath: directory.appending("other").string))
            try #require(link(file.string, directory.appending("b").string) == 0)
            try #require(symlink("b", directory.appending("c").string) == 0)
            let identity = try #require(FileIdentity(file))
            #expect(FileIdentity(directory.appending("b")) == identity)
            #expect(FileIdentity(directory.appending("c")) == identity)
            #expect(FileIdentity(directory.appending("other")) != identity)
            #expect(FileIdentity(directory.appending("none")) == nil)
        }
    }
}

@Suite struct `A durable replacement` {
    @Test func `a pipe is refused as the target of a replacement, and the pipe stays`() async throws {
        try await withTemporaryDirectory { directory in
            let pipe = directory.appending("pipe")
            try #require(mkfifo(pipe.string, 0o600) == 0)
            #expect(throws: FileError("replace", pipe, .fileExists)) {
                try DurableFile.replace(
                    pipe, with: [[1]], temporary: directory.appending("t"), permissions: .ownerReadWrite)
            }
            #expect(try DirectoryListing.names(in: directory) == ["pipe"])
        }
    }
}
