import Foundation
@testable import Gzip
import Testing

@Suite struct `Gzip members` {
    private func bytes(_ count: Int) -> [UInt8] {
        var state: UInt64 = 42
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(ascii: "a") + UInt8(state >> 60)
        }
    }

    private func decompress(_ member: [UInt8]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc"]
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("gzip-\(UUID().uuidString)")
        try Data(member).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return Array(data)
    }

    @Test(arguments: [0, 1, 32_768, 300_000], [1, 6, 9])
    func `gzip itself reads what was compressed in chunks`(_ count: Int, _ level: Int) async throws {
        let content = bytes(count)
        let chunks = stride(from: 0, to: count, by: 50_000).map { Array(content[$0..<min($0 + 50_000, count)]) }
        let member = try await GzipMember(compressing: chunks, with: ChunkCompressor(level: level, workers: 2)).pieces
            .flatMap { $0 }
        #expect(try decompress(member) == content)
    }

    @Test func `the number of workers does not change a byte`() async throws {
        let chunks = (0..<9).map { _ in bytes(20_000) }
        let one = try await GzipMember(compressing: chunks, with: ChunkCompressor(level: 6, workers: 1)).pieces
        for workers in 2...8 {
            #expect(
                try await GzipMember(compressing: chunks, with: ChunkCompressor(level: 6, workers: workers)).pieces
                    == one)
        }
    }

    @Test func `the header holds no name and no time`() async throws {
        let member = try await GzipMember(compressing: [[1]], with: ChunkCompressor(level: 6, workers: 1)).pieces
            .flatMap { $0 }
        #expect(Array(member[..<10]) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
    }

    @Test func `members have the check value that zlib's tables give, however long the content`() {
        let content = bytes(70_000)
        for count in Array(0...300) + [4095, 4096, 4097, 65_535, 65_536, 70_000] {
            for start in [0, 1, 15] where start + count <= content.count {
                let part = content[start..<start + count]
                #expect(CRC32.of(Array(part)) == CRC32.byTables(part), "\(count) bytes")
            }
        }
        #expect(CRC32.of(Array("123456789".utf8)) == 0xcbf4_3926)
    }

    @Test(arguments: [0, 1, 32_768, 300_000], [true, false])
    func `a compressed chunk gives its content back`(_ count: Int, _ isLast: Bool) {
        let compressor = ChunkCompressor(level: 6, workers: 1)
        for dictionaryCount in [0, 5, 32_768, 40_000] {
            // Both from one text, so that the chunk refers to its dictionary.
            let text = bytes(20_000) + bytes(dictionaryCount) + bytes(count)
            let dictionary = Array(text.dropLast(count).suffix(dictionaryCount))
            let content = Array(text.suffix(count))
            let chunk = compressor.compress(content, after: dictionary, isLast: isLast)
            #expect(chunk.content(after: dictionary) == content)
        }
    }

    @Test func `a stream into which nothing comes is an empty member`() async throws {
        var stream = GzipStream(with: ChunkCompressor(level: 6, workers: 1))
        let pieces = try await stream.compress([]) + stream.finish()
        #expect(try decompress(pieces.flatMap { $0 }).isEmpty)
    }
}
