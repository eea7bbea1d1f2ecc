import Files
import Foundation
import SystemPackage
import Testing

@Suite struct `A named pipe that is read whole` {
    @Test func `a pipe is read to its end, whether its writer is quick or slow`() async throws {
        try await withTemporaryDirectory { directory in
            let text = Array("0123456789".utf8)
            for delay in (0..<100).map({ UInt32($0 * 20) }) + [50_000] {
                let pipe = directory.appending("pipe-\(delay)")
                try #require(mkfifo(pipe.string, 0o600) == 0)
                let writer = Thread {
                    usleep(delay)
                    guard let file = try? FileDescriptor.open(pipe, .writeOnly) else { return }
                    _ = try? file.closeAfter { try file.writeAll(text) }
                }
                writer.start()
                let content = try BoundedFile.read(pipe, limit: 100, takesPipes: true)
                #expect(content.bytes == text && content.isPipe)
            }
        }
    }

    @Test func `a pipe with more than its limit is an error, and one where only files may be too`() async throws {
        try await withTemporaryDirectory { directory in
            let pipe = directory.appending("pipe")
            try #require(mkfifo(pipe.string, 0o600) == 0)
            #expect(throws: BoundedFile.Failure.notAFile(pipe)) { try BoundedFile.read(pipe, limit: 9) }
            let writer = Thread {
                guard let file = try? FileDescriptor.open(pipe, .writeOnly) else { return }
                _ = try? file.closeAfter { try file.writeAll(Array("0123456789".utf8)) }
            }
            writer.start()
            #expect(throws: BoundedFile.Failure.tooLarge(pipe, limit: 9)) {
                try BoundedFile.read(pipe, limit: 9, takesPipes: true)
            }
        }
    }
}
