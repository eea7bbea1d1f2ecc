@testable import BatchExport
import Foundation
import Gzip
import SystemPackage
import Testing

@Suite struct `Blocks compressed while their batch grows` {
    /// Texts of about 1 KB that zlib cannot do much with, so that 2,000 rows make eight blocks.
    private static let texts = (0..<2000).map { row in
        (0..<64).map { String(UInt64(row * 64 + $0) &* 0x9e37_79b9_7f4a_7c15, radix: 16) }.joined()
    }

    private static func rows(keys: [Int]) -> [[String?]] {
        zip(keys, texts).map { key, text in ["k\(key)", text] }
    }

    /// 2,000 keys, of which some come again.
    enum Repeats: CaseIterable {
        case none, firstInLast, neighbors, eachBlockOnce, everyFourth, all

        var keys: [Int] {
            var keys = Array(0..<2000)
            switch self {
            case .none: break
            case .firstInLast: keys[1999] = 0
            case .neighbors: for row in stride(from: 1, to: 2000, by: 250) { keys[row] = keys[row - 1] }
            case .eachBlockOnce: for block in 0..<7 { keys[1900 + block] = block * 256 }
            case .everyFourth: for row in 1500..<2000 { keys[row] = (row - 1500) * 3 }
            case .all: keys = keys.map { _ in 5 }
            }
            return keys
        }
    }

    @Test(arguments: Repeats.allCases, [1, 3])
    func `make the file that blocks compressed at its end make`(_ repeats: Repeats, _ workers: Int) async throws {
        let rows = Self.rows(keys: repeats.keys)
        try await withTemporaryDirectory { parent in
            var files: [[String: Data]] = []
            // The rows of a single page are all there before any block is taken.
            for pageRows in [2000, 100, 7] {
                var export = TestExport(parent.appending("\(pageRows)"))
                export.limits = BatchLimits(rows: 1 << 20, bytes: 1 << 30)
                export.workers = workers
                try await export.run(
                    stride(from: 0, to: 2000, by: pageRows).map { Array(rows[$0..<min(2000, $0 + pageRows)]) })
                files.append(try export.files().filter { $0.key.hasPrefix("/data") })
                var newest: [String: String] = [:]
                for row in rows { newest[row[0] ?? ""] = row[1] }
                let written = try export.rows()[0].map { $0.split(separator: ",").map(String.init) }
                #expect(written.count == newest.count)
                #expect(written.allSatisfy { newest[$0[0]] == $0[1] })
            }
            #expect(files[0].count == 1)
            #expect(files[1] == files[0] && files[2] == files[0])
        }
    }

    /// The blocks of a batch of these keys: how many were taken before its end, and how many were missing then.
    ///
    /// - Parameter compressor: compresses what is taken, which then gives way to what it was compressed to.
    private static func blocks(
        _ builder: inout BatchBuilder, keys: [Int], compressor: ChunkCompressor? = nil
    ) throws -> (ahead: Int, missing: [Int], content: BatchContent) {
        let rows = rows(keys: keys)
        var ahead = 0
        for start in stride(from: 0, to: rows.count, by: 100) {
            let block = block(Array(rows[start..<min(rows.count, start + 100)]))
            _ = try builder.append(block, rows: 0..<block.rowCount, number: start + 1)
            let taken = builder.takeClosedBlocks()
            ahead += taken.count
            if let compressor { for block in taken { _ = block.compressed(with: compressor) } }
        }
        let content = builder.seal()
        return (ahead, content.missing.map(\.index), content)
    }

    private static func builder() throws -> BatchBuilder {
        BatchBuilder(
            schema: try ResultSchema(columns: TestExport.columns, primaryKey: ["id"]), format: .csv,
            limits: BatchLimits(rows: 1 << 20, bytes: 1 << 30))
    }

    @Test func `are all but the last one, if no key comes again`() throws {
        var builder = try Self.builder()
        for _ in 1...2 {
            let blocks = try Self.blocks(&builder, keys: Repeats.none.keys)
            #expect(blocks.content.blockCount == 8)
            #expect(blocks.ahead == 7)
            #expect(blocks.missing == [7])
            #expect(blocks.content.missing[0].isLast)
        }
    }

    @Test func `are compressed again if they lose a row, and so is the one behind`() throws {
        var builder = try Self.builder()
        var keys = Repeats.none.keys
        keys[1999] = 600
        let blocks = try Self.blocks(&builder, keys: keys)
        #expect(blocks.ahead == 7)
        #expect(blocks.missing == [2, 3, 7])
    }

    @Test func `wait for the end of a batch that follows one in which too many had to be compressed again`() throws {
        var builder = try Self.builder()
        #expect(try Self.blocks(&builder, keys: Repeats.eachBlockOnce.keys).ahead == 7)
        let careful = try Self.blocks(&builder, keys: Repeats.none.keys)
        #expect(careful.ahead == 0)
        #expect(careful.missing == Array(0..<8))
        #expect(try Self.blocks(&builder, keys: Repeats.none.keys).ahead == 7)
    }

    @Test(arguments: Repeats.allCases)
    func `lose their rows as well when they were compressed already`(_ repeats: Repeats) throws {
        let compressor = ChunkCompressor(level: 6, workers: 1)
        var (kept, compressed) = (try Self.builder(), try Self.builder())
        let expected = try Self.blocks(&kept, keys: repeats.keys).content
        let content = try Self.blocks(&compressed, keys: repeats.keys, compressor: compressor).content
        #expect(content.missing.map(\.index) == expected.missing.map(\.index))
        #expect(content.missing.map(\.content.bytes) == expected.missing.map(\.content.bytes))
        #expect(content.missing.map(\.dictionary) == expected.missing.map(\.dictionary))
        #expect(content.uncompressedBytes == expected.uncompressedBytes)
    }

    @Test func `take the memory of what they were compressed to`() {
        let content = ChunkBytes(Array(repeating: UInt8(ascii: "a"), count: 300_000))
        let block = Chunk(index: 1, content: content, dictionary: Array("aaaa".utf8), isLast: false)
        #expect(content.isEncoded)
        _ = block.compressed(with: ChunkCompressor(level: 6, workers: 1))
        #expect(!content.isEncoded)
        #expect(content.bytes == Array(repeating: UInt8(ascii: "a"), count: 300_000))
    }
}
