import Foundation
import SystemPackage
import Testing

@testable import BatchExport

@Suite struct `Verifying an export` {
    private func withExport(_ format: FileFormat = .csv, _ body: (inout StoredExport) async throws -> Void) async throws
    {
        try await withTemporaryDirectory { parent in
            var export = try await StoredExport(format, in: parent)
            try await body(&export)
        }
    }

    @Test(arguments: FileFormat.allCases)
    func `verifying finds nothing in what an export wrote`(_ format: FileFormat) async throws {
        try await withExport(format) { export in
            let outcome = try await export.verify()
            #expect(outcome.differences.isEmpty && outcome.notes.isEmpty, "\(outcome.differences)")
            #expect(outcome.files == 3 && outcome.rows == 8 && outcome.bytes == export.manifest.bytes)
        }
    }

    // MARK: - The file

    @Test func `verifying finds every byte that was flipped, and not by the digest alone where there is another check`()
        async throws
    {
        try await withExport { export in
            let good = try export.bytes(2)
            let deflate = 10..<good.count - 8
            for offset in good.indices {
                var bytes = good
                bytes[offset] ^= 0xff
                try export.write(bytes, to: 2)
                let found = try await export.found(in: 2)
                #expect(found.contains(.sha256), "byte \(offset)")
                // Of the ten bytes of the header, gzip checks the first four; the rest is time, flags and system.
                guard offset < 3 || offset >= deflate.lowerBound else { continue }
                #expect(found.count > 1, "byte \(offset)")
                #expect(found.contains(.gzip) || deflate.contains(offset), "byte \(offset)")
            }
        }
    }

    @Test(arguments: [(8, "data check"), (4, "length check")])
    func `verifying says which of gzip's two checks failed`(_ fromEnd: Int, _ words: String) async throws {
        try await withExport { export in
            var bytes = try export.bytes(1)
            bytes[bytes.count - fromEnd] ^= 0x10
            try export.rewrite(1, bytes)
            let differences = try await export.verify().differences
            #expect(differences.map(\.check) == [.gzip] && differences[0].detail.contains(words), "\(differences)")
        }
    }

    @Test(arguments: FileFormat.allCases)
    func `verifying finds a file that ends early, wherever it does`(_ format: FileFormat) async throws {
        try await withExport(format) { export in
            let good = try export.bytes(2)
            for count in good.indices {
                try export.write(Array(good.prefix(count)), to: 2)
                #expect(try await export.found(in: 2) == [.bytes, .gzip], "\(count) bytes")
            }
            // Even if the manifest has the figures of the file that was cut off.
            for count in good.indices {
                try export.rewrite(2, Array(good.prefix(count)))
                #expect(try await export.found(in: 2) == [.gzip], "\(count) bytes")
            }
        }
    }

    @Test(
        arguments: [
            ([0], "1 byte follows"), ([0, 0, 0, 0], "4 bytes follow"), (Array("x".utf8), "1 byte follows"),
        ] as [([UInt8], String)])
    func `verifying finds bytes behind the gzip member`(_ bytes: [UInt8], _ found: String) async throws {
        try await withExport { export in
            let good = try export.bytes(3)
            try export.write(good + bytes, to: 3)
            #expect(try await export.found(in: 3) == [.bytes, .gzip])
            try export.rewrite(3, good + bytes)
            let differences = try await export.verify().differences
            #expect(differences.map(\.detail) == ["\(found) the gzip member"])
        }
    }

    @Test func `verifying finds a second gzip member`() async throws {
        try await withExport { export in
            try export.rewrite(3, try export.bytes(3) + export.bytes(3))
            let differences = try await export.verify().differences
            #expect(differences.map(\.detail) == ["another gzip member follows"])
        }
    }

    @Test func `verifying finds a file that is missing`() async throws {
        try await withExport { export in
            try FileManager.default.removeItem(atPath: export.path(2).string)
            #expect(try await export.found(in: 2) == [.missing])
            try FileManager.default.removeItem(atPath: export.directory.path.appending("data").string)
            #expect(try await export.found().values.allSatisfy { $0 == [.missing] })
        }
    }

    @Test func `verifying finds two files that were swapped`() async throws {
        try await withExport { export in
            let (first, third) = (try export.bytes(1), try export.bytes(3))
            try export.write(first, to: 3)
            try export.write(third, to: 1)
            let found = try await export.found()
            #expect(found.count == 2 && found.values.allSatisfy { $0.contains(.bytes) || $0.contains(.sha256) })
        }
    }

    // MARK: - The manifest's figures

    @Test func `verifying finds each figure of the manifest that is wrong`() async throws {
        try await withExport { export in
            let batch = export.manifest.batches[0]
            func expect(_ check: BatchDifference.Check, _ change: (inout StoredExport) -> Void) async throws {
                var changed = export
                change(&changed)
                let found = try await changed.found(in: 1)
                #expect(found == [check], "\(changed.manifest.batches[0])")
            }
            for wrong in [-batch.rows, -1, 1] { try await expect(.rows) { $0.restate(1, rows: batch.rows + wrong) } }
            for wrong in [-batch.bytes, -1, 1] {
                try await expect(.bytes) { $0.restate(1, bytes: batch.bytes + wrong) }
            }
            for wrong in [-batch.uncompressedBytes, -1, 1] {
                try await expect(.uncompressedBytes) {
                    $0.restate(1, uncompressedBytes: batch.uncompressedBytes + wrong)
                }
            }
            try await expect(.sha256) { $0.restate(1, sha256: String(repeating: "0", count: 64)) }
        }
    }

    // MARK: - The rows

    @Test(
        arguments: [
            ("id,v\na,1\nb,\na,2\n", .duplicateKey), ("id,v\na,1\n,2\nc,3\n", .nullKey),
            ("id,w\na,1\nb,\nc,2\n", .header), ("v,id\na,1\nb,\nc,2\n", .header), ("id,v", .header), ("", .header),
            ("\u{feff}id,v\na,1\nb,\nc,2\n", .header), ("id,v\r\na,1\nb,\nc,2\n", .header),
            ("id,v\na,1\nb\nc,2\n", .malformedRow), ("id,v\na,1\nb,,\nc,2\n", .malformedRow),
            ("id,v\na,1\nb,\"x\"\nc,2\n", .malformedRow), ("id,v\na,1\nb,x\"\nc,2\n", .malformedRow),
            ("id,v\na,1\nb,\"x,\"y\nc,2\n", .malformedRow), ("id,v\na,1\nb,\\.\nc,2\n", .malformedRow),
            ("id,v\na,1\n\nc,2\n", .malformedRow), ("id,v\na,1\nb,\r\nc,2\n", .malformedRow),
            ("id,v\na,1\nb,2\nc,2", .malformedRow), ("id,v\na,1\nb,2\nc,\"2,\n", .malformedRow),
            ("id,v\na,1\nb,2\n", .rows), ("id,v\na,1\nb,2\nc,3\nd,4\n", .rows), ("id,v\n", .rows),
        ] as [(String, BatchDifference.Check)])
    func `verifying finds in CSV what the export cannot have written`(
        _ text: String, _ check: BatchDifference.Check
    ) async throws {
        try await withExport { export in
            try await export.rewrite(1, text: Array(text.utf8))
            #expect(try await export.found(in: 1) == [check])
        }
    }

    @Test(arguments: [
        "id,v\na, \nb,\"\t \"\nc,\u{feff}x\n", "id,v\na,\" \"\n\"\u{feff}\",\n\u{feff}b,  \n",
        "id,v\n ,1\n\"  \",2\n   ,3\n",
    ])
    func `a file is right whether blanks and U+FEFF stand in quotes, or bare as version 0.1.0 wrote them`(
        _ text: String
    ) async throws {
        try await withExport { export in
            try await export.rewrite(1, text: Array(text.utf8))
            #expect(try await export.found().isEmpty)
        }
    }

    @Test(arguments: ["\"\u{feff}id\",\" \"", "\u{feff}id, "])
    func `a header is right whether names of blanks and U+FEFF stand in quotes, or bare as version 0.1.0 wrote them`(
        _ header: String
    ) async throws {
        try await withExport { export in
            let names = ["\u{feff}id", " "]
            for batch in 1...3 {
                let rows = try export.text(batch).drop { $0 != "\n" }
                try await export.rewrite(batch, text: Array((header + rows).utf8))
            }
            let old = export.manifest
            export.manifest = Manifest(
                table: old.table, primaryKey: [names[0]], fileFormat: .csv,
                columns: names.map {
                    Manifest.TableColumn(
                        column: Column(name: $0, sourceType: "varchar", type: .string), sinceBatch: nil)
                }, runs: old.runs, batches: old.batches)
            #expect(try await export.found().isEmpty)
            let merged = try await export.merge()
            #expect(Array(merged.utf8.prefix(12)) == Array("\"\u{feff}id\",\" \"\n".utf8))
        }
    }

    @Test(
        arguments: [
            (#"{"id":"a","v":"9"}"#, .duplicateKey), (#"{"id":"\u0061","v":"9"}"#, .malformedRow),
            (#"{"id":null,"v":"9"}"#, .nullKey), (#"{"v":"9","id":"b"}"#, .malformedRow), ("{}", .malformedRow),
            (#"{"id":"b"}"#, .malformedRow), (#"{"id":"b","v":"9","w":1}"#, .malformedRow), ("", .malformedRow),
            (#"{"id":"b","w":"9"}"#, .malformedRow), (#"{"id": "b","v":"9"}"#, .malformedRow),
            (#"{"id":"b","v":9}"#, .malformedRow), (#"{"id":"b","v":"9"} "#, .malformedRow),
            (#"{"id":"b","v":"\x"}"#, .malformedRow), (#"{"id":"b","v":"\/"}"#, .malformedRow),
            (#"{"id":"b","v":"\u0000"}"#, .malformedRow), (#"{"id":"b","v":"\ud800"}"#, .malformedRow),
            ("{\"id\":\"b\",\"v\":\"\t\"}", .malformedRow), (#"{"id":"b","v":"9}"#, .malformedRow),
            (#"["b","9"]"#, .malformedRow), (#"{"id":"b","v":nul}"#, .malformedRow),
        ] as [(String, BatchDifference.Check)])
    func `verifying finds in NDJSON what the export cannot have written`(
        _ line: String, _ check: BatchDifference.Check
    ) async throws {
        try await withExport(.ndjson) { export in
            let text = #"{"id":"a","v":"1"}"# + "\n" + line + "\n" + #"{"id":"c","v":null}"# + "\n"
            try await export.rewrite(1, text: Array(text.utf8))
            #expect(try await export.found(in: 1) == [check])
        }
    }

    @Test func `verifying names the row and never a value`() async throws {
        try await withExport { export in
            try await export.rewrite(1, text: Array("id,v\nsecret,1\nsecret,2\n,3\n".utf8))
            let details = try await export.verify().differences.map(\.detail)
            #expect(details.contains { $0.contains("row 2") } && details.contains { $0.contains("row 3") })
            #expect(!"\(details)".contains("secret"))
        }
    }

    @Test func `verifying finds a row that breaks off in the middle of a window of text`() async throws {
        try await withExport { export in
            var text = Array("id,v\n".utf8)
            for number in 0..<40_000 { text += Array("k\(number),\"some, text\"\n".utf8) }
            export.restate(1, rows: 40_000)
            try await export.rewrite(1, text: text)
            #expect(try await export.found(in: 1).isEmpty)
            try await export.rewrite(1, text: Array(text.dropLast(3)))
            let differences = try await export.verify().differences
            #expect(differences.map(\.check) == [.malformedRow] && differences[0].detail.contains("row 40000"))
        }
    }

    // MARK: - What is not listed

    @Test func `verifying finds files that the manifest does not list`() async throws {
        try await withExport { export in
            let data = export.directory.path.appending("data").string
            let extra = ["batch=000004/t-000004.csv.gz", "batch=000002/copy.csv.gz", "stray.csv", ".hidden/x"]
            for name in extra {
                let path = "\(data)/\(name)"
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(try export.bytes(1)).write(to: URL(fileURLWithPath: path))
            }
            let found = try await export.found()
            #expect(Set(found.keys) == Set(extra.map { "data/\($0)" }), "\(found)")
            #expect(found.values.allSatisfy { $0 == [.notListed] })
        }
    }

    @Test(arguments: [("batch=000004/t-000004.csv.gz", true), ("batch=000004/other.csv.gz", false)])
    func `verifying only notes the batch that an unfinished run has not listed yet`(_ name: String, _ isNote: Bool)
        async throws
    {
        try await withExport { export in
            let path = "\(export.directory.path.appending("data").string)/\(name)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(try export.bytes(1)).write(to: URL(fileURLWithPath: path))
            #expect(try await export.found() == ["data/\(name)": [.notListed]])
            export.state = ExportState(
                runID: "run-4", request: MemoryExport.request, startedAt: "2026-01-01T00:00:00Z", firstBatch: 4,
                phase: .exporting(
                    .init(clientRequestToken: nil, queryExecutionID: "q"), Checkpoint(nextBatch: 4)))
            let outcome = try await export.verify()
            #expect(outcome.differences.isEmpty == isNote && outcome.notes.count == (isNote ? 1 : 0))
        }
    }

    @Test func `verifying finds what --restart gave up even while the run after it is unfinished`() async throws {
        try await withExport { export in
            for number in 4...5 {
                let path = export.directory.dataPath(sequence: number, format: .csv)
                let url = URL(fileURLWithPath: export.directory.path.appending(path).string)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(try export.bytes(1)).write(to: url)
            }
            export.state = ExportState(
                runID: "run-5", request: MemoryExport.request, startedAt: "2026-01-01T00:00:00Z", firstBatch: 5,
                phase: .exporting(
                    .init(clientRequestToken: nil, queryExecutionID: "q"), Checkpoint(nextBatch: 5)))
            let outcome = try await export.verify()
            #expect(outcome.differences.map(\.path) == ["data/batch=000004/t-000004.csv.gz"])
            #expect(outcome.notes.count == 1)
        }
    }

    // MARK: - Links

    @Test(arguments: ["data", "data/batch=000002", "data/batch=000002/t-000002.csv.gz"])
    func `verifying follows no link, even one that leads to the very file`(_ name: String) async throws {
        try await withExport { export in
            let path = export.directory.path.appending(name).string
            try FileManager.default.moveItem(atPath: path, toPath: "\(export.directory.path)/moved")
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "\(export.directory.path)/moved")
            let found = try await export.found()
            #expect(found.count == (name == "data" ? 3 : 1) && found.values.allSatisfy { $0 == [.notAFile] })
            await #expect(throws: ExportError.self) { try await export.merge() }
        }
    }

    @Test func `verifying ends when it is cancelled`() async throws {
        try await withExport { export in
            let verification = try Verification(export.directory, export.manifest, nil)
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await verification.run(workers: 1) { _ in }
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
