import Files
import Foundation
import SystemPackage
import Testing

@Suite struct `A lock on a file` {
    @Test func `a lock is seen while it is held and no longer`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("lock")
            #expect(FileLock.isHeld(path) == false)
            #expect(try DirectoryListing.names(in: directory) == [])
            do {
                let lock = try #require(try FileLock(path))
                #expect(FileLock.isHeld(path) == true)
                #expect(try FileLock(path) == nil)
                withExtendedLifetime(lock) {}
            }
            #expect(FileLock.isHeld(path) == false)
        }
    }

    @Test func `a lock is unknown where the file cannot be opened`() async throws {
        try await withTemporaryDirectory { directory in
            let link = directory.appending("link")
            _ = try #require(try FileLock(directory.appending("lock")))
            try #require(symlink("lock", link.string) == 0)
            #expect(FileLock.isHeld(link) == nil)
            #expect(FileLock.isHeld(directory.appending("lock/deeper")) == false)
        }
    }

    @Test func `a lock can be taken while others look whether it is held`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("lock")
            _ = try FileLock(path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { while !Task.isCancelled { _ = FileLock.isHeld(path) } }
                for _ in 0..<200 {
                    let lock = try FileLock(path)
                    #expect(lock != nil)
                }
                group.cancelAll()
            }
        }
    }
}
