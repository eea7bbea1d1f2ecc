import Foundation
import SystemPackage
import Testing

@testable import BatchExport

@Suite struct `A table whose documents are lost or replaced` {
    private static func remove(_ path: FilePath) throws {
        try FileManager.default.removeItem(atPath: path.string)
    }

    @Test func `a manifest of an earlier night is refused, and without the state its table goes on from it`()
        async throws
    {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run([[["1", "a"]]])
            let first = try Data(contentsOf: URL(fileURLWithPath: export.directory.manifest.string))
            try await export.run([[["2", "b"]]])
            try first.write(to: URL(fileURLWithPath: export.directory.manifest.string))
            let error = await #expect(throws: ExportError.self) { try await export.run([[["3", "c"]]]) }
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("manifest.json: it is older than state.json") && text.contains("remove state.json"))
            #expect(try export.manifest.batches.map(\.sequence) == [1])

            try Self.remove(export.directory.state)
            try await export.run([[["2", "b"]]])
            #expect(try export.manifest.batches.map(\.sequence) == [1, 3])
            #expect(try export.rows() == [["1,a"], ["2,b"]])
        }
    }

    @Test func `a manifest of the time before the newest run had ended is refused`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            let rows = (1...9).map { [["\($0)", "a"]] as [[String?]] }
            let source = MemorySource(columns: MemoryExport.columns, pages: rows)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 6, batchesBeforeFailure: 1, of: export))
            }
            let early = try Data(contentsOf: URL(fileURLWithPath: export.directory.manifest.string))
            #expect(try export.manifest.runs.map(\.status) == [.running])
            try await export.run(source)
            try early.write(to: URL(fileURLWithPath: export.directory.manifest.string))
            await #expect(throws: ExportError.self) { try await export.run(source) }
            #expect(throws: ExportError.self) { try HeldTable(export.directory) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: export.directory.manifest.string)) == early)
        }
    }

    @Test(arguments: [[["1", "a"]], []] as [[[String?]]])
    func `a manifest that is missing is noticed also after a run that wrote no row`(_ rows: [[String?]]) async throws {
        try await withTemporaryDirectory { parent in
            var night = NightlyExport(parent)
            try await night.run([["1", "a"]])
            try await night.run(rows)
            try Self.remove(night.export.directory.manifest)
            #expect(throws: ExportError.self) { try ExportJournal.read(night.export.directory) }
            #expect(throws: ExportError.self) { try DirectorySnapshot(reading: night.export.directory.path) }
            await #expect(throws: ExportError.self) { try await night.export.run([rows]) }
        }
    }

    @Test func `a number in the name of set aside rows is not used again without the state`() async throws {
        try await withTemporaryDirectory { parent in
            let export = MemoryExport(parent)
            try await export.run([[["1", "a"]]])
            try await export.run([[[nil, "b"]]])
            try Self.remove(export.directory.state)
            try await export.run([[[nil, "c"], ["3", "c"]]])
            #expect(try export.manifest.runs.compactMap(\.firstBatch).suffix(1) == [3])
            #expect(try export.directory.lastSequenceOnDisk() == 3)
        }
    }

    @Test func `only names that a table's own files have count as their numbers`() async throws {
        try await withTemporaryDirectory { parent in
            let directory = ExportDirectory(parent: parent, table: "t-1")
            for name in ["t-1-000007.ndjson.gz", "t-1-8.ndjson.gz", "t-000009.ndjson.gz", "t-1-000010.csv.gz", "t-1-"] {
                let file = directory.path.appending("rejected/\(name)")
                try FileManager.default.createDirectory(
                    atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
                try Data().write(to: URL(fileURLWithPath: file.string))
            }
            #expect(try directory.lastSequenceOnDisk() == 7)
        }
    }
}

@Suite struct `A key that is the JSON value null` {
    private static let columns = [
        Column(name: "id", sourceType: "json", type: .json), Column(name: "v", sourceType: "varchar", type: .string),
    ]

    @Test(arguments: FileFormat.allCases, [false, true])
    func `a JSON null in the key is set aside in NDJSON, where it is NULL, and is a text in CSV`(
        _ format: FileFormat, _ changesOnly: Bool
    ) async throws {
        try await withTemporaryDirectory { parent in
            var export = MemoryExport(parent)
            export.format = format
            if changesOnly { export.changes = ChangeOptions(maximumDeletes: 100) }
            for rows in [[["1", "a"], ["null", "b"], [" null\n", "c"], ["\"null\"", "d"]], [["1", "a"]]] {
                try await export.run(MemorySource(columns: Self.columns, pages: [rows]))
            }
            let manifest = try export.manifest
            #expect(manifest.runs[0].rejectedRows == (format == .ndjson ? 2 : 0))
            #expect(manifest.runs[0].rows == (format == .ndjson ? 2 : 4))
            let outcome = try await Verification(export.directory, manifest, nil).run(workers: 1) { _ in }
            #expect(outcome.differences.isEmpty)
            #expect(manifest.deletes.reduce(0) { $0 + $1.rows } == (changesOnly ? manifest.runs[0].rows - 1 : 0))
        }
    }
}
