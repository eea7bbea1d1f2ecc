import Foundation
import SystemPackage

@testable import BatchExport

/// An export of a row a batch. Its directory is copied behind some of the batches, while nothing is written: the state
/// that a kill there would leave.
struct WatchedExport {
    static let rowCount = 72
    /// The row whose key is NULL, so that its batch has no file.
    static let rejectedRow = 40

    static let rows: [[String?]] = (1...rowCount).map { [$0 == rejectedRow ? nil : "k\($0)", "v\($0)"] }

    /// A page a row.
    static let source = MemorySource(columns: MemoryExport.columns, pages: rows.map { [$0] })

    static func export(_ parent: FilePath) -> MemoryExport {
        var export = MemoryExport(parent)
        export.limits = BatchLimits(rows: 1, bytes: 1 << 20)
        return export
    }

    /// Runs the whole export.
    ///
    /// - Parameter look: is called behind each batch, when everything of it is durable.
    static func run(_ export: MemoryExport, _ look: @escaping @Sendable (_ batches: Int) throws -> Void) async throws {
        try await export.run(WatchedSource(export: export, look: look))
    }

    /// The whole export, and its state behind some of its batches, each in a directory of its own.
    static func copies(
        behind batches: Set<Int>, in parent: FilePath
    ) async throws -> (whole: MemoryExport, copies: [Int: MemoryExport]) {
        let whole = export(parent.appending("whole"))
        try await run(whole) { batch in
            if batches.contains(batch) { _ = try whole.copy(to: parent.appending("copy-\(batch)")) }
        }
        let copies = batches.map { ($0, export(parent.appending("copy-\($0)"))) }
        return (whole, Dictionary(uniqueKeysWithValues: copies))
    }
}

extension MemoryExport {
    /// The same export with its files as they are now, in another parent directory.
    func copy(to parent: FilePath) throws -> MemoryExport {
        try FileManager.default.createDirectory(atPath: parent.string, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: directory.path.string, toPath: parent.appending("t").string)
        return WatchedExport.export(parent)
    }
}

/// Gives a page when every batch before it is published.
private struct WatchedSource: ResultSource {
    let name = "memory"
    let export: MemoryExport
    let look: @Sendable (Int) throws -> Void

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        let batches = bookmark.pageToken.flatMap(Int.init) ?? 0
        while try nextBatch <= batches { try await Task.sleep(for: .milliseconds(1)) }
        if batches > 0 { try look(batches) }
        return try await WatchedExport.source.page(at: bookmark)
    }

    private var nextBatch: Int {
        get throws {
            let state = try Data(contentsOf: URL(fileURLWithPath: export.directory.state.string))
            return try ExportState(parsing: Array(state)).checkpoint.nextBatch
        }
    }
}
