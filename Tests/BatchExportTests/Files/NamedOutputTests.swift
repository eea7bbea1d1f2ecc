import Files
import Foundation
import SystemPackage
import Testing
import Threading

@Suite struct `A text that is written to a named pipe` {
    @Test func `a text that is longer than the pipe has room for is written whole to a slow reader`() async throws {
        try await withTemporaryDirectory { directory in
            let pipe = directory.appending("pipe")
            try #require(mkfifo(pipe.string, 0o600) == 0)
            let text = (0..<300_000).map { UInt8($0 % 251) }
            // Without waiting for the writer, which finds a reader then.
            let reader = try FileDescriptor.open(pipe, .readOnly, options: [.nonBlocking])
            let read = Locked<[UInt8]>([])
            let isWritten = Locked(false)
            let thread = Thread {
                var buffer = [UInt8](repeating: 0, count: 10_000)
                while true {
                    // Nothing is there yet, or all of it was read.
                    let isLast = isWritten.withLock { $0 }
                    let count = (try? buffer.withUnsafeMutableBytes { try reader.read(into: $0) }) ?? 0
                    read.withLock { $0 += buffer[..<count] }
                    if count == 0, isLast { break }
                    usleep(1000)
                }
                try? reader.close()
            }
            thread.start()
            defer { isWritten.withLock { $0 = true } }
            try NamedOutput.write(text, to: pipe, permissions: .ownerReadWrite)
            isWritten.withLock { $0 = true }
            while !thread.isFinished { try await Task.sleep(for: .milliseconds(5)) }
            #expect(read.withLock { $0 } == text)
        }
    }

    @Test func `a pipe without a reader is an error at once, and so is one whose reader goes`() async throws {
        // As the command does at its start.
        signal(SIGPIPE, SIG_IGN)
        try await withTemporaryDirectory { directory in
            let pipe = directory.appending("pipe")
            try #require(mkfifo(pipe.string, 0o600) == 0)
            #expect(throws: FileError.self) { try NamedOutput.write([1], to: pipe, permissions: .ownerReadWrite) }
            let reader = try FileDescriptor.open(pipe, .readOnly, options: [.nonBlocking])
            let thread = Thread {
                usleep(50_000)
                try? reader.close()
            }
            thread.start()
            let text = [UInt8](repeating: 0, count: 300_000)
            #expect(throws: FileError.self) { try NamedOutput.write(text, to: pipe, permissions: .ownerReadWrite) }
        }
    }
}
