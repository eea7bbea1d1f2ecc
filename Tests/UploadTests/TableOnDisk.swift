import BatchExport
import Digest
import Foundation
import JSON
import SystemPackage
import TestSupport

/// A table's directory with a manifest and its files, as runs leave it; the files hold any bytes.
struct TableOnDisk {
    struct Batch {
        var sequence: Int
        var content: [UInt8]
        var run = 1
    }

    let path: String
    var table = "customers"
    var batches: [Batch]
    var pruned: [ClosedRange<Int>] = []
    var key = "id"

    /// - Parameter sizes: of the files, in bytes.
    init(_ path: String, sizes: [Int] = [10, 20, 30, 40]) {
        self.path = path
        batches = sizes.enumerated().map { index, size in
            Batch(sequence: index + 1, content: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) })
        }
    }

    static func dataPath(_ sequence: Int, table: String = "customers") -> String {
        ExportDirectory(parent: "", table: table).dataPath(sequence: sequence, format: .csv)
    }

    /// Writes what is new: files of batches that stand there already are left alone.
    func write() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for batch in batches {
            let file = "\(path)/\(Self.dataPath(batch.sequence, table: table))"
            guard !FileManager.default.fileExists(atPath: file) else { continue }
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(batch.content).write(to: URL(fileURLWithPath: file))
        }
        try Data(manifest.serialized(pretty: true)).write(to: URL(fileURLWithPath: "\(path)/manifest.json"))
    }

    /// Everything that the bucket must have, by path.
    var uploaded: [String: [UInt8]] {
        var files = Dictionary(
            uniqueKeysWithValues: batches.map { (Self.dataPath($0.sequence, table: table), $0.content) })
        files["manifest.json"] = manifest.serialized(pretty: true)
        return files
    }

    func published() throws -> PublishedManifest? { try PublishedManifest(in: FilePath(path)) }

    var manifest: JSONValue {
        var document: JSONObject = [
            "format": "athena-export/manifest", "version": .integer(1), "table": .string(table), "write_mode": "upsert",
            "primary_key": [.string(key)], "file_format": "csv", "compression": "gzip",
            "columns": [["name": .string(key), "athena_type": "varchar", "type": "STRING", "nullable": .bool(false)]],
            "totals": [
                "batches": .integer(batches.count), "rows": .integer(batches.count),
                "bytes": .integer(batches.reduce(0) { $0 + $1.content.count }),
                "uncompressed_bytes": .integer(batches.count),
            ],
            "runs": .array(Set(batches.map(\.run)).sorted().map(Self.run)),
            "batches": .array(batches.map(entry)),
        ]
        if !pruned.isEmpty {
            document["pruned"] = .array(
                pruned.map { ["first": .integer($0.lowerBound), "last": .integer($0.upperBound)] })
        }
        return .object(document)
    }

    private static func run(_ number: Int) -> JSONValue {
        [
            "run_id": .string("run-\(number)"), "status": "succeeded", "query_execution_id": .string("query-\(number)"),
            "query_sha256": "", "source": "api", "started_at": .string("2026-11-29T00:00:0\(number)Z"),
            "completed_at": "2026-11-29T00:01:00Z", "rows": .integer(1), "duplicate_rows": .integer(0),
            "rejected_rows": .integer(0),
            "data_scanned_bytes": .integer(0),
        ]
    }

    private func entry(_ batch: Batch) -> JSONValue {
        [
            "sequence": .integer(batch.sequence), "run_id": .string("run-\(batch.run)"),
            "path": .string(Self.dataPath(batch.sequence, table: table)), "rows": .integer(1),
            "duplicate_rows": .integer(0),
            "rejected_rows": .integer(0), "bytes": .integer(batch.content.count), "uncompressed_bytes": .integer(1),
            "sha256": .string(SHA256.hash(batch.content).hexadecimal), "first_row": .integer(1),
            "last_row": .integer(1),
        ]
    }
}
