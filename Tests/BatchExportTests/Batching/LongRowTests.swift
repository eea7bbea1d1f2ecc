import Foundation
import SystemPackage
import Testing

@testable import BatchExport

@Suite struct `Rows longer than a window of text` {
    /// Lengths of a row around those at which a window grows.
    private static let lengths = [200_000, 262_139, 262_150, 700_000]

    private static func text(_ length: Int, _ format: FileFormat) -> [UInt8] {
        let long = String(repeating: "x", count: length) + ","
        let lines =
            switch format {
            case .csv: ["id,v", "a,1", "b,\"\(long)\"\"\"", "c,\"\(long)\"", "d,4"]
            case .ndjson:
                [
                    #"{"id":"a","v":"1"}"#, #"{"id":"b","v":"\#(long)\""}"#, #"{"id":"c","v":"\#(long)"}"#,
                    #"{"id":"d","v":"4"}"#,
                ]
            }
        return Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    private func withExport(
        _ format: FileFormat, _ text: [UInt8], rows: Int = 4, _ body: (inout StoredExport) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { parent in
            var export = try await StoredExport(format, in: parent)
            try await export.rewrite(1, text: text)
            export.restate(1, rows: rows)
            export.manifest.batches.removeLast(2)
            try FileManager.default.removeItem(atPath: export.directory.path.appending("data/batch=000002").string)
            try FileManager.default.removeItem(atPath: export.directory.path.appending("data/batch=000003").string)
            try await body(&export)
        }
    }

    @Test(arguments: FileFormat.allCases, lengths)
    func `long rows are verified and merged as they are`(_ format: FileFormat, _ length: Int) async throws {
        let text = Self.text(length, format)
        try await withExport(format, text) { export in
            let found = try await export.found()
            #expect(found.isEmpty)
            for memory in [6 << 20, 64 << 20] {
                let merged = try await export.merge(memory: memory)
                #expect(merged == String(decoding: text, as: UTF8.self))
            }
        }
    }

    @Test(arguments: FileFormat.allCases)
    func `long rows are merged from temporary files, also where they come from every one of them`(
        _ format: FileFormat
    ) async throws {
        try await withTemporaryDirectory { parent in
            var export = WatchedExport.export(parent)
            export.format = format
            let filler = String(repeating: "long, ", count: 70_000)
            let rows = (0..<20).map { ["k\($0 % 7)", "\($0) \(filler)"] }
            try await export.run([rows])
            let options = Merge.Options(memory: 8 << 20, temporaryDirectory: parent, chunksAtATime: 2)
            let output = MemoryOutput()
            #expect(try await Merge(export.directory, try export.manifest, options).run(into: output) == 7)
            let lines = String(decoding: output.bytes, as: UTF8.self).split(separator: "\n").suffix(7)
            for (key, (number, line)) in zip([14, 15, 16, 17, 18, 19, 13], lines).enumerated() {
                let start = line.prefix(40)
                #expect(start.contains("k\(key)") && start.contains("\"\(number) long, "), "\(start)")
            }
        }
    }

    @Test(arguments: FileFormat.allCases, [700_000, 900_000])
    func `long rows need memory, the error says how much, and that much is then enough`(
        _ format: FileFormat, _ length: Int
    ) async throws {
        let text = Self.text(length, format)
        try await withExport(format, text) { export in
            let error = await #expect(throws: ExportError.self) { try await export.merge(memory: 2 << 20 - 1) }
            guard case .rowTooLong(export.path(1), 2, (2 << 20 - 1) / 8, let memory)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let merged = try await export.merge(memory: memory)
            #expect(merged == String(decoding: text, as: UTF8.self))
        }
    }

    @Test(arguments: ["a,1\nb\n", "a,1\nb,2,3\n", "a,1\nb,\"2\n"])
    func `a text that is no row ends the reading, and what follows is not decompressed`(_ start: String) async throws {
        let text = Array("id,v\n\(start)".utf8) + [UInt8](repeating: 0, count: 4 << 20)
        try await withExport(.csv, text) { export in
            var bytes = try export.bytes(1)
            // The check value behind the text is wrong too, which only a reader of the whole text notices.
            bytes[bytes.count - 6] ^= 1
            try export.rewrite(1, bytes, uncompressed: text.count)
            let isOpen = start.hasSuffix("\"2\n")
            #expect(try await export.found(in: 1) == (isOpen ? [.gzip] : [.malformedRow]))
            await #expect(throws: ExportError.self) { try await export.merge(memory: 64 << 20) }
        }
    }

    @Test(arguments: FileFormat.allCases)
    func `a row longer than readers take ends the export before a file has it`(_ format: FileFormat) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.format = format
            export.limits = BatchLimits(rows: 3, bytes: 64 << 20, longestRow: 1 << 20)
            let fits = String(repeating: "\"", count: (1 << 19) - 20)
            let rows = [["a", fits], ["b", "1"], ["c", "2"], ["d", "3"], ["e", fits + fits], ["f", "4"]]
            for _ in 1...2 {
                let error = await #expect(throws: ExportError.self) { try await export.run([rows]) }
                guard case .resultRowTooLong(5, 1 << 20)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                let files = try export.files().keys.filter { $0.hasPrefix("/data") }
                #expect(files.count <= 1)
            }
        }
    }

    @Test func `a row longer than any of Athena's is refused, without reading the rest of it`() async throws {
        let text = Array("id,v\na,\"".utf8) + [UInt8](repeating: 0x78, count: 3 << 20) + Array("\"\n".utf8)
        try await withExport(.csv, text, rows: 1) { export in
            var rows = try BatchRows(
                export.manifest.batches[0].file, in: export.directory, format: .csv, columns: MemoryExport.columns,
                rowLimit: 2 << 20)
            #expect(rows.next() == nil && rows.isTooLong)
            let differences = rows.finish()
            #expect(differences.map(\.check) == [.malformedRow])
            #expect(differences[0].detail.contains("longer than 2097152"))
        }
    }
}
