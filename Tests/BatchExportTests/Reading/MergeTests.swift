import Foundation
import SystemPackage
import Testing

@testable import BatchExport

@Suite struct `Merging batches` {
    private func withExport(_ format: FileFormat = .csv, _ body: (inout StoredExport) async throws -> Void) async throws
    {
        try await withTemporaryDirectory { parent in
            var export = try await StoredExport(format, in: parent)
            try await body(&export)
        }
    }

    private static let csv = "id,v\na,3\nb,2\nc,\"\"\n\"d,\"\"\n\",x\ne,\"y\r\"\nf,z\n"
    private static let ndjson = #"""
        {"id":"a","v":"3"}
        {"id":"b","v":"2"}
        {"id":"c","v":""}
        {"id":"d,\"\n","v":"x"}
        {"id":"e","v":"y\r"}
        {"id":"f","v":"z"}

        """#

    @Test(arguments: FileFormat.allCases)
    func `a merge gives the newest row of every key by rising key, in either format`(_ format: FileFormat) async throws
    {
        try await withExport(format) { export in
            let (csv, ndjson) = (try await export.merge(format: .csv), try await export.merge(format: .ndjson))
            #expect(csv == Self.csv && ndjson == Self.ndjson)
            #expect(try await export.merge() == (format == .csv ? Self.csv : Self.ndjson))
        }
    }

    @Test func `a merge stops at the batch that it is given as last`() async throws {
        try await withExport { export in
            #expect(try await export.merge(through: 1) == "id,v\na,1\nb,\nc,\"\"\n")
            #expect(try await export.merge(through: 2).hasPrefix("id,v\na,1\nb,2\nc,"))
            #expect(try await export.merge(through: 99) == Self.csv)
            try FileManager.default.removeItem(atPath: export.path(3).string)
            #expect(try await export.merge(through: 2).hasPrefix("id,v\na,1\nb,2\nc,"))
        }
    }

    @Test func `a merge of nothing is a header`() async throws {
        try await withExport { export in
            export.manifest.batches = []
            let (csv, ndjson) = (try await export.merge(), try await export.merge(format: .ndjson))
            #expect(csv == "id,v\n" && ndjson == "")
        }
    }

    @Test(arguments: [256, 4 << 10, 200 << 10])
    func `a merge gives the same with any memory, from temporary files without a name`(_ memory: Int) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.primaryKey = ["id", "w"]
            export.limits = BatchLimits(rows: 1000, bytes: 1 << 20)
            let columns = ["id", "w", "v"].map { Column(name: $0, sourceType: "varchar", type: .string) }
            let rows = RowMaker.rows(4000)
            let pages = stride(from: 0, to: rows.count, by: 500).map { Array(rows[$0..<$0 + 500]) }
            try await export.run(MemorySource(columns: columns, pages: pages))
            let scratch = parent.appending("scratch")
            try FileManager.default.createDirectory(atPath: scratch.string, withIntermediateDirectories: false)
            let options = Merge.Options(memory: memory, temporaryDirectory: scratch, chunksAtATime: 2)
            let output = MemoryOutput()
            let merge = try Merge(export.directory, try export.manifest, options)
            let count = try await merge.run(into: output)
            let expected = try RowMaker.newest(rows, columns)
            #expect(count == expected.count)
            #expect(output.bytes == export.format.encoder(for: columns).fileHeader + expected.joined())
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.string).isEmpty)
            // Without a directory for temporary files the merge fails, so there were some.
            var without = options
            without.temporaryDirectory = parent.appending("missing")
            let hopeless = try Merge(export.directory, try export.manifest, without)
            await #expect(throws: ExportError.self) { _ = try await hopeless.run(into: MemoryOutput()) }
        }
    }

    @Test func `a merge writes nothing where a batch is not what the manifest lists`() async throws {
        try await withExport { export in
            let good = try export.bytes(3)
            for damage in [Array(good.dropLast()), good + [0], []] {
                try export.write(damage, to: 3)
                let output = MemoryOutput()
                let options = Merge.Options(memory: 1 << 20, temporaryDirectory: "/tmp", chunksAtATime: 1)
                let merge = try Merge(export.directory, export.manifest, options)
                let error = await #expect(throws: ExportError.self) { _ = try await merge.run(into: output) }
                let message = "\(try #require(error))"
                #expect(message.contains(export.path(3).string) && message.contains("athena-export verify"))
                #expect(output.bytes.isEmpty && !output.isFinished)
            }
        }
    }

    @Test(arguments: [("id,v\na,1\n,2\n", "null_key"), ("id,v\na,1\n\0,2\n", "malformed_row")])
    func `a merge refuses a key that no export has`(_ text: String, _ check: String) async throws {
        try await withExport { export in
            export.restate(1, rows: 2)
            try await export.rewrite(1, text: Array(text.utf8))
            let error = await #expect(throws: ExportError.self) { try await export.merge() }
            #expect("\(try #require(error))".contains(check))
        }
    }

    @Test func `a merge ends when it is cancelled`() async throws {
        try await withExport { export in
            let options = Merge.Options(memory: 1 << 20, temporaryDirectory: "/tmp", chunksAtATime: 1)
            let merge = try Merge(export.directory, export.manifest, options)
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await merge.run(into: MemoryOutput())
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}

/// Rows with keys that are hard to sort.
private enum RowMaker {
    /// Texts that share beginnings of eight bytes and more, and texts that look like separators.
    private static let keys = [
        "", "a", "a\u{1}", "a\u{1}b", "b", "12345678", "123456789", "12345678\u{1}", "1234567", "\"", ",", "\n",
        "é", "\u{10ffff}", String(repeating: "long", count: 60), String(repeating: "long", count: 60) + "!",
    ]

    static func rows(_ count: Int) -> [[String?]] {
        var random = UInt64(42)
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % limit
        }
        return (0..<count).map { number in
            let id = keys[next(keys.count)] + (next(3) == 0 ? "" : "\(next(40))")
            return [
                id, keys[next(keys.count)], next(5) == 0 ? nil : "\(number) " + String(repeating: "v", count: next(90)),
            ]
        }
    }

    /// The expected lines.
    static func newest(_ rows: [[String?]], _ columns: [Column]) throws -> [[UInt8]] {
        var newest: [[[UInt8]]: [String?]] = [:]
        for row in rows { newest[row[..<2].map { Array(($0 ?? "").utf8) }] = row }
        let encoder = FileFormat.csv.encoder(for: columns)
        return try newest.sorted { left, right in
            left.key[0] == right.key[0]
                ? left.key[1].lexicographicallyPrecedes(right.key[1])
                : left.key[0].lexicographicallyPrecedes(right.key[0])
        }.map { entry in
            var line = EncodedRows()
            try encoder.encode(block([entry.value]), into: &line)
            return line.bytes
        }
    }
}
