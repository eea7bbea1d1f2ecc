import Foundation
import SystemPackage
import Testing

@testable import BatchExport

@Suite struct `Appended rows` {
    private static let pages: [[[String?]]] = [
        [["a", "1"], ["b", nil], ["a", "1"]], [[nil, "2"], ["", ""]], [["a", "3"]],
    ]
    private static let csv = "id,v\na,1\nb,\na,1\n,2\n\"\",\"\"\na,3\n"
    private static let ndjson = """
        {"id":"a","v":"1"}
        {"id":"b","v":null}
        {"id":"a","v":"1"}
        {"id":null,"v":"2"}
        {"id":"","v":""}
        {"id":"a","v":"3"}

        """

    private func withExport(
        _ format: FileFormat = .csv, _ body: (MemoryExport, FilePath) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.primaryKey = []
            export.format = format
            try await export.run(Self.pages)
            try await body(export, parent)
        }
    }

    private func merge(
        _ export: MemoryExport, _ format: FileFormat, through: Int? = nil, memory: Int = 1 << 20
    ) async throws -> String {
        let options = Merge.Options(
            through: through, format: format, memory: memory, temporaryDirectory: "/nonexistent", chunksAtATime: 1)
        let output = MemoryOutput()
        let count = try await Merge(export.directory, try export.manifest, options).run(into: output)
        #expect(output.isFinished && count == (through == 1 ? 3 : 6))
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test(arguments: FileFormat.allCases)
    func `appended rows are all written, those that repeat and those with NULL included`(
        _ format: FileFormat
    ) async throws {
        try await withExport(format) { export, _ in
            let manifest = try export.manifest
            #expect(manifest.writeMode == .append && manifest.primaryKey.isEmpty)
            #expect(manifest.batches.map(\.rows) == [3, 3])
            #expect(manifest.batches.allSatisfy { $0.duplicateRows == 0 && $0.rejectedRows == 0 })
            #expect(manifest.columns.count == 2)
            let text = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: export.directory.manifest.string)), as: UTF8.self)
            #expect(text.contains(#""write_mode": "append""#) && text.contains(#""version": 1"#))
            #expect(!text.contains(#""nullable": false"#))
            let outcome = try await Verification(export.directory, manifest, nil).run(workers: 2) { _ in }
            #expect(outcome.differences.isEmpty && outcome.rows == 6)
        }
    }

    @Test(arguments: FileFormat.allCases, [1 << 20, 512])
    func `appended rows are merged in the order of the batches, without temporary files`(
        _ format: FileFormat, _ memory: Int
    ) async throws {
        try await withExport(format) { export, _ in
            let (csv, ndjson) = (
                try await merge(export, .csv, memory: memory), try await merge(export, .ndjson, memory: memory)
            )
            #expect(csv == Self.csv && ndjson == Self.ndjson)
            #expect(try await merge(export, .csv, through: 1) == "id,v\na,1\nb,\na,1\n")
        }
    }

    @Test func `appended rows are not merged where a file is not what the manifest lists`() async throws {
        try await withExport { export, _ in
            let manifest = try export.manifest
            try Data("x".utf8).write(
                to: URL(fileURLWithPath: export.directory.path.appending(manifest.batches[1].path).string))
            let output = MemoryOutput()
            let options = Merge.Options(memory: 1 << 20, temporaryDirectory: "/tmp", chunksAtATime: 1)
            await #expect(throws: ExportError.self) {
                _ = try await Merge(export.directory, manifest, options).run(into: output)
            }
            #expect(output.bytes.isEmpty && !output.isFinished)
        }
    }

    @Test func `a text that no loader takes is set aside from appended rows too`() async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.primaryKey = []
            try await export.run([[["a", "\0"], [nil, nil]]])
            #expect(try export.rows() == [[","]])
            #expect(try export.manifest.batches.map(\.rejectedRows) == [1])
        }
    }

    @Test func `appended rows and a key do not go into one directory`() async throws {
        try await withExport { export, parent in
            let before = try export.files()
            var keyed = export
            keyed.primaryKey = ["id"]
            for (export, words) in [(keyed, "write mode append became upsert")] {
                let journal = try ExportJournal(opening: export.directory, now: { "" })
                let options = ExportOptions(
                    primaryKey: export.primaryKey, format: .csv, limits: export.limits, compressionLevel: 6, workers: 1)
                let error = await #expect(throws: ExportError.self) { try await journal.check(options) }
                #expect("\(try #require(error))".contains(words))
            }
            await #expect(throws: ExportError.self) { try await keyed.run(Self.pages) }
            #expect(
                try export.files().filter { $0.key.hasPrefix("/data") } == before.filter { $0.key.hasPrefix("/data") })
        }
    }

    @Test func `no run of appended rows supersedes another`() async throws {
        try await withExport { export, _ in
            try await export.run(Self.pages)
            #expect(try export.manifest.runs.count == 2)
            #expect(try export.manifest.superseded(keeping: 1).isEmpty)
        }
    }

    @Test func `an interrupted run of appended rows is completed to the same bytes`() async throws {
        try await withTemporaryDirectory { parent in
            var whole = MemoryExport(parent.appending("whole"))
            whole.primaryKey = []
            try await whole.run(Self.pages)
            var export = MemoryExport(parent.appending("half"))
            export.primaryKey = []
            let source = MemorySource(columns: MemoryExport.columns, pages: Self.pages)
            let half = export
            await #expect(throws: FailingSource.Failure.self) {
                try await half.run(
                    FailingSource(source: source, pagesBeforeFailure: 1, batchesBeforeFailure: 1, of: half))
            }
            #expect(try half.manifest.batches.count == 1)
            try await half.run(Self.pages)
            #expect(try half.files() == (try whole.files()))
        }
    }
}
