import BatchExport
import Foundation
import JSON
import Logging
import SystemPackage
import Testing

/// A directory of its own for one test, removed afterwards.
func withTemporaryDirectory<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("athena-export-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(FilePath(url.path))
}

/// An export of rows in memory, as one process would run it: everything behind the source is real.
struct MemoryExport {
    let directory: ExportDirectory
    var format = FileFormat.csv
    var limits = BatchLimits(rows: 3, bytes: 1 << 20)
    var workers = 2
    var primaryKey = ["id"]
    var cursorColumn: String?
    var onSchemaChange = SchemaChangePolicy.fail
    var changes: ChangeOptions?
    /// Distinguishes the statements of different runs.
    var querySHA256 = String(repeating: "0", count: 64)
    var database: String?

    static let columns = [
        Column(name: "id", sourceType: "varchar", type: .string),
        Column(name: "v", sourceType: "varchar", type: .string),
    ]
    static let request = ExportRequest([.init("query_sha256", "0"), .init("format", "csv")])

    init(_ parent: FilePath) {
        directory = ExportDirectory(parent: parent, table: "t")
    }

    /// Runs to the end, or until the source fails.
    func run(_ pages: [[[String?]]], refusesTokens: Bool = false) async throws {
        try await run(MemorySource(columns: Self.columns, pages: pages, refusesTokens: refusesTokens))
    }

    func run(_ source: any ResultSource) async throws {
        let journal = try ExportJournal(opening: directory, now: { "2026-01-01T00:00:00Z" })
        let state: ExportState
        switch try await journal.plan(Self.request, runID: nil, restart: false) {
        case .resume(let unfinished), .reread(let unfinished): state = unfinished
        case .start(let firstBatch):
            state = ExportState(
                runID: "run-\(firstBatch)", request: Self.request, startedAt: "2026-01-01T00:00:00Z",
                firstBatch: firstBatch, cursor: await cursor(journal),
                phase: .exporting(
                    .init(clientRequestToken: nil, queryExecutionID: "q"), Checkpoint(nextBatch: firstBatch)))
            _ = try await journal.begin(state)
        case .alreadySucceeded, .upload: return
        }
        let options = ExportOptions(
            primaryKey: primaryKey, format: format, limits: limits, compressionLevel: 6, workers: workers,
            cursorColumn: cursorColumn, onSchemaChange: onSchemaChange, changes: changes)
        let facts = RunFacts(
            querySHA256: querySHA256, parametersSHA256: String(repeating: "1", count: 64), database: database,
            source: source.name, dataScannedBytes: nil, changesOnly: changes != nil)
        let exporter = Exporter(
            journal: journal, options: options, facts: facts,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            report: { _ in })
        try await exporter.export(from: source, state: state)
    }

    /// The cursor with which the next run begins, at first the empty text.
    private func cursor(_ journal: ExportJournal) async -> CursorState? {
        guard let cursorColumn else { return nil }
        let committed = await journal.committedCursor(of: cursorColumn)
        return CursorState(
            column: cursorColumn, committed: committed, from: committed ?? CursorValue(.text, ""))
    }

    var manifest: Manifest {
        get throws { try #require(try ExportJournal.read(directory).0) }
    }

    /// The rows of every batch, as text without headers.
    func rows() throws -> [[String]] {
        try manifest.batches.map { batch in
            try Self.gunzip(directory.path.appending(batch.path)).split(separator: "\n").dropFirst(
                format == .csv ? 1 : 0
            )
            .map(String.init)
        }
    }

    /// Every file below the directory with its bytes, except the lock.
    func files() throws -> [String: Data] {
        var files: [String: Data] = [:]
        let root = URL(fileURLWithPath: directory.path.string)
        for case let url as URL in try #require(
            FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        {
            guard url.lastPathComponent != "lock", let data = try? Data(contentsOf: url) else { continue }
            files[String(url.path.dropFirst(root.path.count))] = data
        }
        return files
    }

    static func gunzip(_ path: FilePath) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path.string]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}

/// A source that fails after a number of pages, once all full batches of them are published.
struct FailingSource: ResultSource {
    struct Failure: Error {}

    let name = "memory"
    let source: MemorySource
    let pagesBeforeFailure: Int
    let batchesBeforeFailure: Int
    let export: MemoryExport

    init(source: MemorySource, pagesBeforeFailure: Int, batchesBeforeFailure: Int, of export: MemoryExport) {
        self.source = source
        self.pagesBeforeFailure = pagesBeforeFailure
        self.batchesBeforeFailure = batchesBeforeFailure
        self.export = export
    }

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        if (bookmark.pageToken.flatMap(Int.init) ?? 0) < pagesBeforeFailure {
            return try await source.page(at: bookmark)
        }
        while try (ExportJournal.read(export.directory).1?.checkpoint.nextBatch ?? 1) <= batchesBeforeFailure {
            try await Task.sleep(for: .milliseconds(1))
        }
        throw Failure()
    }
}
