import Files
import Foundation
import SystemPackage
import Testing

@testable import BatchExport

/// A table as it is in the source, and what an export of it must hold after each night.
private struct ModelTable {
    private(set) var rows: [String: String?] = [:]
    /// What the export holds: rows that were rejected, or that left the source unseen, stay as they were.
    private(set) var held: [String: String?] = [:]
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let texts: [String?] = [
        nil, "", " ", "plain", "with \"quotes\"", "a,b", "line\nend", "cr\r\nlf", "\\.", "\u{FEFF}mark", "ÄÖ😀", "\t",
        "null", "{\"a\": 1}", String(repeating: "long ", count: 60),
    ]

    mutating func random(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func text() -> String? {
        let text = Self.texts[random(0..<Self.texts.count)]
        return random(0..<2) == 0 ? text : text.map { $0 + String(random(0..<4)) }
    }

    /// Changes the source: rows come, change, go and come back.
    mutating func spendDay() {
        for _ in 0..<random(0..<12) {
            let key = random(0..<5) == 0 ? "ke\"y, \(random(0..<5))\n" : "k\(random(0..<40))"
            if random(0..<3) == 0 { rows[key] = nil } else { rows[key] = .some(text()) }
        }
        if random(0..<12) == 0 { rows = [:] }
    }

    /// The result of a query over the whole table: in any order, with older rows of a key before the right one, equal
    /// rows, and rows that cannot be loaded.
    mutating func result() -> [[String?]] {
        var result: [[String?]] = rows.keys.sorted().shuffled(using: &generator).map { [$0, rows[$0] ?? nil] }
        for row in result where random(0..<12) == 0 {
            result.insert([row[0], text()], at: 0)
            if random(0..<2) == 0 { result.append(row) }
        }
        for _ in 0..<random(0..<3) { result.insert([nil, "no key"], at: random(0..<result.count + 1)) }
        for _ in 0..<random(0..<2) { result.append(["k\(random(0..<40))", "\u{0}"]) }
        return result
    }

    /// What a run must make of a result.
    struct Night {
        /// Rows that differ from what was held before each of them, in order; all of them without the option.
        var taken: [[String?]] = []
        var gone: Set<String> = []
        var rejectedRows = 0
        var heldBefore = 0
    }

    mutating func export(_ result: [[String?]], changesOnly: Bool) -> Night {
        var night = Night()
        let before = held
        night.heldBefore = before.count
        var present: Set<String> = []
        for row in result {
            guard let key = row[0] else {
                night.rejectedRows += 1
                continue
            }
            present.insert(key)
            if row[1] == "\u{0}" {
                night.rejectedRows += 1
            } else if !changesOnly || before.isEmpty || held[key] != .some(row[1]) {
                night.taken.append(row)
                held[key] = .some(row[1])
            }
        }
        guard changesOnly else { return night }
        night.gone = Set(before.keys).subtracting(present)
        for key in night.gone { held[key] = nil }
        return night
    }

    var heldRows: [[String?]] { held.map { [$0.key, $0.value] } }
}

@Suite struct `A table over many nights` {
    /// For a longer look than in every run of the tests: so many seeds, each with thirty nights.
    private static let longLook = UInt64(ProcessInfo.processInfo.environment["ATHENA_EXPORT_TEST_SEEDS"] ?? "")
    private static let seeds = 0..<(longLook ?? 20)
    private static let nights = longLook == nil ? 12 : 30

    @Test(arguments: seeds)
    func `the export equals the table after each night, and only what changed is written`(_ seed: UInt64) async throws {
        try await withTemporaryDirectory { parent in
            var model = ModelTable(seed: seed)
            var nights = NightlyExport(
                parent, format: seed % 2 == 0 ? .csv : .ndjson, rows: 6 + model.random(0..<20), maximumDeletes: 60)
            for night in 1...Self.nights {
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
                try await run(&nights, result, expected, night, interruption: model.random(0..<8), seed)
                try check(nights, expected, "seed \(seed), night \(night)")
                // Reads every file, so not each night.
                guard night % 6 == 0 else { continue }
                #expect(try await nights.merged() == nights.text(model.heldRows), "seed \(seed), night \(night)")
            }
            #expect(try await nights.verify() == [])
        }
    }

    /// Runs a night to its end: perhaps it fails first while it reads a page, and perhaps its index is lost by then.
    private func run(
        _ nights: inout NightlyExport, _ result: [[String?]], _ expected: ModelTable.Night, _ night: Int,
        interruption: Int, _ seed: UInt64
    ) async throws {
        let source = NightlyExport.source(result)
        if interruption < source.pages.count, interruption > 0 {
            let failing = FailingSource(
                source: source, pagesBeforeFailure: interruption, batchesBeforeFailure: 0, of: nights.export)
            await #expect(throws: FailingSource.Failure.self) { try await nights.run(failing) }
            if interruption % 2 == 0 { try? FileManager.default.removeItem(at: nights.index) }
        }
        let isTooMuch = expected.gone.count * 100 > expected.heldBefore * 60
        if isTooMuch {
            let error = await #expect(throws: ExportError.self) { try await nights.run(source) }
            guard case .tooManyDeletes(expected.gone.count, expected.heldBefore, 60) = error else {
                Issue.record("seed \(seed), night \(night): \(error.map(String.init(describing:)) ?? "no error")")
                return
            }
            nights.export.changes = ChangeOptions(maximumDeletes: 100)
        }
        try await nights.run(source)
    }

    private func check(_ nights: NightlyExport, _ expected: ModelTable.Night, _ comment: Comment) throws {
        let run = try nights.run
        let entries = try nights.entriesOfRun()
        let written = entries.filter { !$0.entry.isDeletes }.flatMap(\.rows)
        let deleted = entries.filter(\.entry.isDeletes).flatMap(\.rows)
        #expect(run.rows + run.duplicateRows == expected.taken.count && run.rows == written.count, comment)
        #expect(run.rejectedRows == expected.rejectedRows, comment)
        // Of the rows of a key, the last one in each batch is written, in the order of the result.
        var taken = expected.taken[...]
        for row in written {
            guard let index = taken.firstIndex(of: row) else {
                Issue.record("a row is written that has not changed", sourceLocation: #_sourceLocation)
                continue
            }
            taken = taken[(index + 1)...]
        }
        #expect(Set(deleted.compactMap(\.first)) == Set(expected.gone.map { .some($0) }), comment)
        #expect(deleted.count == expected.gone.count, comment)
    }
}
