import Files
import Foundation
import SystemPackage
import Testing

@testable import BatchExport

/// A table that is exported again each night, for tests of runs with `--changes-only`.
struct NightlyExport {
    var export: MemoryExport
    /// As they were when they were published.
    private(set) var published: [String: Data] = [:]
    /// As the newest run has left it.
    private var newest: Manifest?

    init(_ parent: FilePath, format: FileFormat = .csv, rows: Int = 3, maximumDeletes: Int = 100) {
        export = MemoryExport(parent)
        export.format = format
        export.limits = BatchLimits(rows: rows, bytes: 1 << 20)
        export.changes = ChangeOptions(maximumDeletes: maximumDeletes)
    }

    /// Runs once with the whole table as the result, and checks that no published file changes.
    mutating func run(_ rows: [[String?]], rowsPerPage: Int = 4) async throws {
        try await run(Self.source(rows, rowsPerPage: rowsPerPage))
    }

    mutating func run(_ source: any ResultSource) async throws {
        let result: Result<Void, any Error>
        do { result = .success(try await export.run(source)) } catch { result = .failure(error) }
        newest = try ExportJournal.read(export.directory).0
        try checkPublishedFiles()
        try result.get()
    }

    static func source(
        _ rows: [[String?]], columns: [Column] = MemoryExport.columns, rowsPerPage: Int = 4
    ) -> MemorySource {
        let pages = stride(from: 0, to: rows.count, by: rowsPerPage).map { start in
            Array(rows[start..<min(start + rowsPerPage, rows.count)])
        }
        return MemorySource(columns: columns, pages: pages.isEmpty ? [[]] : pages)
    }

    private mutating func checkPublishedFiles() throws {
        let files = try export.files().filter { $0.key.hasPrefix("/data/") || $0.key.hasPrefix("/deleted/") }
        for (path, bytes) in published {
            if files[path] != bytes { Issue.record("\(path) has changed") }
        }
        published = files
    }

    var manifest: Manifest { get throws { try #require(newest) } }

    /// The newest run.
    var run: Manifest.Run { get throws { try #require(try manifest.runs.last) } }

    /// The rows, or the keys to delete, of each file of the newest run.
    func entriesOfRun() throws -> [(entry: Manifest.Entry, rows: [[String?]])] {
        let run = try run
        return try manifest.entries.filter { $0.sequence >= run.firstBatch ?? 1 }.map { ($0, try rows(of: $0)) }
    }

    func rows(of entry: Manifest.Entry) throws -> [[String?]] {
        var schema = try manifest.schema(through: entry.sequence)
        if entry.isDeletes { schema = try schema.ofKey }
        var rows = try BatchRows(
            entry.file, in: export.directory, format: export.format, columns: schema.columns)
        var found: [[String?]] = []
        while let window = rows.next() {
            for row in 0..<window.block.rowCount {
                found.append(
                    window.block.cellIndices(ofRow: row).map { index in
                        let cell = window.block.cells[index]
                        return cell.isNull ? nil : String(decoding: window.block.bytes[cell.range], as: UTF8.self)
                    })
            }
        }
        #expect(rows.finish() == [])
        return found
    }

    /// What `merge` gives.
    func merged() async throws -> String {
        let output = MemoryOutput()
        let merge = try Merge(
            export.directory, try manifest,
            Merge.Options(
                memory: 1 << 20, temporaryDirectory: export.directory.path, chunksAtATime: 2))
        _ = try await merge.run(into: output)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    /// What `merge` gives of a table with these rows, whose values are in the order of the manifest's columns.
    func text(_ rows: [[String?]]) throws -> String {
        var encoded = EncodedRows()
        let schema = try manifest.schema()
        let encoder = export.format.encoder(for: schema.columns)
        let sorted = rows.map { row in (key: schema.keyIndices.map { Array((row[$0] ?? "").utf8) }, row: row) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) { $0.lexicographicallyPrecedes($1) } }.map(\.row)
        if !sorted.isEmpty { try encoder.encode(block(sorted), into: &encoded) }
        return String(decoding: encoder.fileHeader + encoded.bytes, as: UTF8.self)
    }

    func verify() async throws -> [String] {
        let (manifest, state) = try ExportJournal.read(export.directory)
        let outcome = try await Verification(export.directory, try #require(manifest), state).run(workers: 2) { _ in }
        return outcome.differences.map(\.description) + outcome.notes
    }

    var index: URL { URL(fileURLWithPath: export.directory.index.string) }
}
