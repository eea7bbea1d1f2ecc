@testable import BatchExport
import Foundation
import Gzip
import SystemPackage
import Testing

@Suite struct `Chunks compressed while their batch is open` {
    /// Texts of about 1 KB that zlib can hardly compress, so that 2,000 rows make eight chunks.
    private static let texts = (0..<2000).map { row in
        (0..<64).map { String(UInt64(row * 64 + $0) &* 0x9e37_79b9_7f4a_7c15, radix: 16) }.joined()
    }

    private static func rows(keys: [Int]) -> [[String?]] {
        zip(keys, texts).map { key, text in ["k\(key)", text] }
    }

    /// 2,000 keys, of which some come again.
    enum Repeats: CaseIterable {
        case none, firstInLast, neighbors, eachChunkOnce, everyFourth, all

        var keys: [Int] {
            var keys = Array(0..<2000)
            switch self {
            case .none: break
            case .firstInLast: keys[1999] = 0
            case .neighbors: for row in stride(from: 1, to: 2000, by: 250) { keys[row] = keys[row - 1] }
            case .eachChunkOnce: for chunk in 0..<7 { keys[1900 + chunk] = chunk * 256 }
            case .everyFourth: for row in 1500..<2000 { keys[row] = (row - 1500) * 3 }
            case .all: keys = keys.map { _ in 5 }
            }
            return keys
        }
    }

    @Test(arguments: Repeats.allCases, [1, 3])
    func `chunks compressed early make the same file as chunks compressed late`(_ repeats: Repeats, _ workers: Int)
        async throws
    {
        let rows = Self.rows(keys: repeats.keys)
        try await withTemporaryDirectory { parent in
            var files: [[String: Data]] = []
            // The rows of a single page are all there before any chunk is taken.
            for pageRows in [2000, 100, 7] {
                var export = MemoryExport(parent.appending("\(pageRows)"))
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

    /// Seals a batch of these keys: how many chunks were taken before its end, and which were missing then.
    ///
    /// - Parameter compressor: compresses the taken chunks, so that only the compressed form is kept.
    private static func seal(
        _ builder: inout BatchBuilder, keys: [Int], compressor: ChunkCompressor? = nil
    ) throws -> (ahead: Int, missing: [Chunk], batch: SealedBatch) {
        let rows = rows(keys: keys)
        var ahead = 0
        for start in stride(from: 0, to: rows.count, by: 100) {
            let block = block(Array(rows[start..<min(rows.count, start + 100)]))
            _ = try builder.append(block, rows: 0..<block.rowCount, number: start + 1)
            let taken = builder.takeClosedChunks()
            ahead += taken.count
            if let compressor { for chunk in taken { _ = chunk.compressed(with: compressor) } }
        }
        let (batch, missing) = builder.seal(at: .start, lastRowSHA256: nil, highestCursor: nil)
        return (ahead, missing, batch)
    }

    private static func builder() throws -> BatchBuilder {
        BatchBuilder(
            schema: try ResultSchema(columns: MemoryExport.columns, primaryKey: ["id"]), format: .csv,
            limits: BatchLimits(rows: 1 << 20, bytes: 1 << 30))
    }

    @Test func `all chunks but the last are compressed early if no key comes again`() throws {
        var builder = try Self.builder()
        for _ in 1...2 {
            let sealed = try Self.seal(&builder, keys: Repeats.none.keys)
            #expect(sealed.batch.chunkCount == 8)
            #expect(sealed.ahead == 7)
            #expect(sealed.missing.map(\.index) == [7])
            #expect(sealed.missing[0].isLast)
        }
    }

    @Test func `a chunk that loses a row and the one after it are compressed again`() throws {
        var builder = try Self.builder()
        var keys = Repeats.none.keys
        keys[1999] = 600
        let sealed = try Self.seal(&builder, keys: keys)
        #expect(sealed.ahead == 7)
        #expect(sealed.missing.map(\.index) == [2, 3, 7])
    }

    @Test func `no chunk is compressed early after a batch in which too many had to be compressed again`() throws {
        var builder = try Self.builder()
        #expect(try Self.seal(&builder, keys: Repeats.eachChunkOnce.keys).ahead == 7)
        let careful = try Self.seal(&builder, keys: Repeats.none.keys)
        #expect(careful.ahead == 0)
        #expect(careful.missing.map(\.index) == Array(0..<8))
        #expect(try Self.seal(&builder, keys: Repeats.none.keys).ahead == 7)
    }

    @Test(arguments: Repeats.allCases)
    func `chunks that were compressed already lose the same rows`(_ repeats: Repeats) throws {
        let compressor = ChunkCompressor(level: 6, workers: 1)
        var (kept, compressed) = (try Self.builder(), try Self.builder())
        let expected = try Self.seal(&kept, keys: repeats.keys)
        let sealed = try Self.seal(&compressed, keys: repeats.keys, compressor: compressor)
        #expect(sealed.missing.map(\.index) == expected.missing.map(\.index))
        #expect(sealed.missing.map(\.content.bytes) == expected.missing.map(\.content.bytes))
        #expect(sealed.missing.map(\.dictionary) == expected.missing.map(\.dictionary))
        #expect(sealed.batch.uncompressedBytes == expected.batch.uncompressedBytes)
    }

    @Test func `a compressed chunk keeps only its compressed form`() {
        let content = ChunkBytes(Array(repeating: UInt8(ascii: "a"), count: 300_000))
        let chunk = Chunk(index: 1, content: content, dictionary: Array("aaaa".utf8), isLast: false)
        #expect(content.isEncoded)
        _ = chunk.compressed(with: ChunkCompressor(level: 6, workers: 1))
        #expect(!content.isEncoded)
        #expect(content.bytes == Array(repeating: UInt8(ascii: "a"), count: 300_000))
    }
}
