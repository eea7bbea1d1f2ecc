import Digest
import Foundation
import Gzip
import SystemPackage
import Testing

@testable import BatchExport

/// An export of three batches of three rows that a test changes, and the differences that verifying finds.
struct StoredExport {
    let directory: ExportDirectory
    /// The manifest for the comparison, which may differ from `manifest.json`.
    var manifest: Manifest
    var state: ExportState?

    static let pages = [
        [["a", "1"], ["b", nil], ["c", ""]], [["b", "2"], ["d,\"\n", "x"], ["e", "y\r"]], [["a", "3"], ["f", "z"]],
    ]

    init(_ format: FileFormat, in parent: FilePath) async throws {
        var export = MemoryExport(parent)
        export.format = format
        try await export.run(Self.pages)
        directory = export.directory
        manifest = try export.manifest
    }

    func path(_ batch: Int) -> FilePath { directory.path.appending(manifest.batches[batch - 1].path) }

    func bytes(_ batch: Int) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(batch).string)))
    }

    func text(_ batch: Int) throws -> String { try MemoryExport.gunzip(path(batch)) }

    func write(_ bytes: [UInt8], to batch: Int) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path(batch).string))
    }

    /// Writes a file and its figures in the manifest, so that only its content can be wrong.
    mutating func rewrite(_ batch: Int, _ bytes: [UInt8], uncompressed: Int? = nil) throws {
        try write(bytes, to: batch)
        restate(batch, bytes: bytes.count, uncompressedBytes: uncompressed, sha256: SHA256.hash(bytes).hexadecimal)
    }

    mutating func rewrite(_ batch: Int, text: [UInt8]) async throws {
        let member = try await GzipMember(compressing: [text], with: ChunkCompressor(level: 6, workers: 1)).pieces
            .flatMap { $0 }
        try rewrite(batch, member, uncompressed: text.count)
    }

    mutating func restate(
        _ number: Int, rows: Int? = nil, bytes: Int? = nil, uncompressedBytes: Int? = nil, sha256: String? = nil
    ) {
        let batch = manifest.batches[number - 1]
        manifest.batches[number - 1] = Manifest.Batch(
            sequence: batch.sequence, runID: batch.runID, path: batch.path, rows: rows ?? batch.rows,
            duplicateRows: batch.duplicateRows, rejectedRows: batch.rejectedRows, bytes: bytes ?? batch.bytes,
            uncompressedBytes: uncompressedBytes ?? batch.uncompressedBytes, sha256: sha256 ?? batch.sha256,
            firstRow: batch.firstRow, lastRow: batch.lastRow)
    }

    func verify() async throws -> Verification.Outcome {
        try await Verification(directory, manifest, state).run(workers: 2) { _ in }
    }

    /// The checks that fail, by path.
    func found() async throws -> [String: Set<BatchDifference.Check>] {
        let differences = try await verify().differences
        var found: [String: Set<BatchDifference.Check>] = [:]
        for difference in differences { found[difference.path, default: []].insert(difference.check) }
        return found
    }

    /// The checks that fail for one batch; no other batch may have any.
    func found(
        in batch: Int, _ sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Set<BatchDifference.Check> {
        let found = try await found()
        let path = manifest.batches[batch - 1].path
        #expect(found.keys.allSatisfy { $0 == path }, sourceLocation: sourceLocation)
        return found[path] ?? []
    }

    func merge(
        through: Int? = nil, format: FileFormat? = nil, memory: Int = 1 << 20, temporaryDirectory: FilePath? = nil
    ) async throws -> String {
        let options = Merge.Options(
            through: through, format: format, memory: memory,
            temporaryDirectory: temporaryDirectory ?? directory.path, chunksAtATime: 2)
        let output = MemoryOutput()
        _ = try await Merge(directory, manifest, options).run(into: output)
        #expect(output.isFinished)
        return String(decoding: output.bytes, as: UTF8.self)
    }
}

/// Keeps the merged text.
final class MemoryOutput: MergeOutput {
    private(set) var bytes: [UInt8] = []
    private(set) var isFinished = false

    func write(_ chunks: [[UInt8]]) async throws { for chunk in chunks { bytes += chunk } }

    func finish() async throws { isFinished = true }
}
