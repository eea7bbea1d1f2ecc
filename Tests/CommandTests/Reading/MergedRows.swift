import Digest
import Foundation
import Gzip
import JSON
import Testing
import TestSupport

/// The output of `merge`.
func merge(_ table: String, _ options: [String] = []) async throws -> String {
    let outcome = try await Executable.run(["merge", table] + options)
    guard outcome.status == 0, outcome.errors.isEmpty else { throw LoaderFailure(outcome) }
    return outcome.output
}

/// The golden table's rows as `merge` prints them, in their order.
enum MergedRows {
    static func inCSV(_ text: String) throws -> [[String?]] {
        let records = try records(Array(text.utf8))
        #expect(records.first == GoldenTable.columns.map(\.name))
        return Array(records.dropFirst())
    }

    /// Written as simply as possible: RFC 4180, NULL is nothing between the commas.
    private static func records(_ bytes: [UInt8]) throws -> [[String?]] {
        var records: [[String?]] = []
        var record: [String?] = []
        var offset = 0
        while offset < bytes.count {
            var value: [UInt8] = []
            let isQuoted = bytes[offset] == UInt8(ascii: "\"")
            if isQuoted {
                offset += 1
                while bytes[offset] != UInt8(ascii: "\"") || bytes[offset + 1] == UInt8(ascii: "\"") {
                    value.append(bytes[offset])
                    offset += bytes[offset] == UInt8(ascii: "\"") ? 2 : 1
                }
                offset += 1
            } else {
                while !",\n".utf8.contains(bytes[offset]) {
                    value.append(bytes[offset])
                    offset += 1
                }
            }
            record.append(isQuoted || !value.isEmpty ? String(decoding: value, as: UTF8.self) : nil)
            if bytes[offset] == UInt8(ascii: "\n") {
                records.append(record)
                record = []
            }
            offset += 1
        }
        try #require(record.isEmpty)
        return records
    }

    static func inNDJSON(_ text: String) throws -> [[String?]] {
        try text.split(separator: "\n").map { line in
            let row = JSONField(try JSONValue(parsing: Array(line.utf8)))
            return try GoldenTable.columns.map { Self.text(of: $0, try row.optionalMember($0.name)?.value) }
        }
    }

    private static func text(of column: GoldenTable.Column, _ value: JSONValue?) -> String? {
        switch value {
        case nil: nil
        case .string(let text)? where column.kind != .json: text
        case let value?: String(decoding: value.serialized(pretty: false), as: UTF8.self)
        }
    }
}

/// A table of one batch whose file a test writes itself.
struct HandmadeTable {
    /// The table's directory.
    let path: String

    static let name = "handmade"
    static let columns = ["id", "text"]

    /// - Parameter member: the batch's file.
    init(
        in parent: String, member: [UInt8], rows: Int, uncompressedBytes: Int, sha256: String
    ) throws {
        path = "\(parent)/\(Self.name)"
        let file = "data/batch=000001/\(Self.name)-000001.csv.gz"
        try FileManager.default.createDirectory(
            atPath: "\(path)/data/batch=000001", withIntermediateDirectories: true)
        try Data(member).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
        let manifest: JSONValue = [
            "format": "athena-export/manifest", "version": .integer(1), "table": .string(Self.name),
            "write_mode": "upsert",
            "primary_key": ["id"], "file_format": "csv", "compression": "gzip",
            "columns": .array(
                Self.columns.map {
                    ["name": .string($0), "athena_type": "varchar", "type": "STRING", "nullable": .bool($0 != "id")]
                }),
            "totals": [
                "batches": .integer(1), "rows": .integer(rows), "bytes": .integer(member.count),
                "uncompressed_bytes": .integer(uncompressedBytes),
            ],
            "runs": [],
            "batches": [
                [
                    "sequence": .integer(1), "run_id": "by hand", "path": .string(file), "rows": .integer(rows),
                    "duplicate_rows": .integer(0), "rejected_rows": .integer(0), "bytes": .integer(member.count),
                    "uncompressed_bytes": .integer(uncompressedBytes), "sha256": .string(sha256),
                    "first_row": .integer(1),
                    "last_row": .integer(rows),
                ]
            ],
        ]
        try Data(manifest.serialized(pretty: true)).write(to: URL(fileURLWithPath: "\(path)/manifest.json"))
    }
    /// Rows with these keys and a text of one length.
    static func text(keys: some Sequence<Int>, textBytes: Int) -> [UInt8] {
        let filler = [UInt8](repeating: UInt8(ascii: "x"), count: textBytes) + [UInt8(ascii: "\n")]
        var text = Array("id,text\n".utf8)
        for key in keys {
            text += Array("\(key),".utf8)
            text += filler
        }
        return text
    }

    /// A table of such rows, the last key first.
    static func falling(_ keys: Range<Int>, textBytes: Int, in parent: String) async throws -> HandmadeTable {
        let text = text(keys: keys.reversed(), textBytes: textBytes)
        let member = try await GzipMember(compressing: [text], with: ChunkCompressor(level: 1, workers: 1)).pieces
            .flatMap { $0 }
        return try HandmadeTable(
            in: parent, member: member, rows: keys.count, uncompressedBytes: text.count,
            sha256: SHA256.hash(member).hexadecimal)
    }
}
