import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BatchExport

/// Exports a ``ModelTable`` night after night, with mishaps, and checks each night against it.
struct ModelNights {
    private let seed: UInt64
    private var model: ModelTable
    private(set) var nights: NightlyExport

    init(seed: UInt64, in parent: FilePath) {
        self.seed = seed
        model = ModelTable(seed: seed)
        nights = NightlyExport(
            parent, format: seed % 2 == 0 ? .csv : .ndjson, rows: 6 + model.random(0..<20), maximumDeletes: 60)
        nights.export.primaryKey = model.key
        if model.hasComingColumns { nights.export.onSchemaChange = .appendNewColumns }
    }

    mutating func spend(_ night: Int) async throws {
        model.spendDay()
        let result = model.result()
        let changesOnly = night == 1 || model.random(0..<6) > 0
        nights.export.changes = changesOnly ? ChangeOptions(maximumDeletes: 60) : nil
        let expected = model.export(result, changesOnly: changesOnly)
        switch model.random(0..<8) {
        case 0: try? FileManager.default.removeItem(at: nights.index)
        case 1: try? Data((0..<500).map { _ in 7 }).write(to: nights.index)
        default: break
        }
        let comment: Comment = "seed \(seed), night \(night)"
        try await run(result, expected, comment)
        try check(expected, comment)
        let columns = try nights.manifest.columns.map(\.name)
        let held = model.held.values.map { row in columns.map { row[$0] } }
        #expect(try await nights.merged() == nights.text(held), comment)
    }

    /// Runs a night to its end: perhaps it fails first while it reads a page, and perhaps its index is lost by then.
    private mutating func run(
        _ result: ModelTable.Result, _ expected: ModelTable.Night, _ comment: Comment
    ) async throws {
        let interruption = model.random(0..<8)
        let columns = result.columns.map { Column(name: $0, sourceType: "varchar", type: .string) }
        let source = NightlyExport.source(result.values, columns: columns)
        if interruption < source.pages.count, interruption > 0 {
            let failing = FailingSource(
                source: source, pagesBeforeFailure: interruption, batchesBeforeFailure: 0, of: nights.export)
            await #expect(throws: FailingSource.Failure.self, comment) { try await nights.run(failing) }
            if interruption % 2 == 0 { try? FileManager.default.removeItem(at: nights.index) }
        }
        let isTooMuch = expected.gone.count * 100 > expected.heldBefore * 60
        if isTooMuch {
            let error = await #expect(throws: ExportError.self, comment) { try await nights.run(source) }
            guard case .tooManyDeletes(expected.gone.count, expected.heldBefore, 60, _) = error else {
                Issue.record("\(comment): \(error.map(String.init(describing:)) ?? "no error")")
                return
            }
            nights.export.changes = ChangeOptions(maximumDeletes: 100)
        }
        try await nights.run(source)
    }

    private func check(_ expected: ModelTable.Night, _ comment: Comment) throws {
        let run = try nights.run
        var written: [ModelTable.Row] = []
        var deleted: [ModelTable.Key] = []
        for (entry, rows) in try nights.entriesOfRun() {
            if entry.isDeletes {
                deleted += rows.map { $0.compactMap(\.self) }
            } else {
                let names = try nights.manifest.columns(ofBatch: entry.sequence).map(\.name)
                written += rows.map { row in
                    ModelTable.Row(
                        uniqueKeysWithValues: zip(names, row).compactMap { name, value in value.map { (name, $0) } })
                }
            }
        }
        #expect(run.rows + run.duplicateRows == expected.taken.count && run.rows == written.count, comment)
        #expect(run.rejectedRows == expected.rejectedRows, comment)
        // Of the rows of a key, the last one in each batch is written, in the order of the result.
        var taken = expected.taken[...]
        for row in written {
            guard let index = taken.firstIndex(of: row) else {
                Issue.record("\(comment): a row is written that has not changed")
                continue
            }
            taken = taken[(index + 1)...]
        }
        #expect(Set(deleted) == expected.gone && deleted.count == expected.gone.count, comment)
        let manifest = try nights.manifest
        // Before there is any file, the columns are those of the first result.
        #expect(manifest.batches.isEmpty || Set(manifest.columns.map(\.name)) == model.heldColumns, comment)
    }
}
