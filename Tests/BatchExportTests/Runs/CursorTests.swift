import Foundation
import SystemPackage
import Testing
import TestSupport

@testable import BatchExport

/// The highest value of the second column over these rows.
private func highest(
    _ type: ColumnType, _ values: [String?], sourceType: String = "varchar", seen: CursorValue? = nil
) throws -> CursorValue? {
    let columns = [
        Column(name: "id", sourceType: "varchar", type: .string), Column(name: "c", sourceType: sourceType, type: type),
    ]
    var tracker = try CursorTracker(column: "c", in: columns, seen: seen)
    let rows = block(values.map { ["k", $0] })
    try tracker.see(rows, rows: 0..<rows.rowCount, number: 1)
    return tracker.value
}

@Suite struct `The highest value of a column` {
    @Test(
        arguments: [
            (.long, ["9", "10", "-11"], "10"), (.int, ["-10", "-9", "-11"], "-9"),
            (.long, ["0", "-1"], "0"), (.short, ["007", "6"], "007"),
            (.decimal, ["9.99", "10.01", "-20.00"], "10.01"), (.decimal, ["-0.02", "-0.1"], "-0.02"),
            (.decimal, ["99999999999999999999999999999999999999", "9"], "99999999999999999999999999999999999999"),
            (.decimal, ["1.5", "1.50", "1.05"], "1.5"), (.decimal, ["-0.0", "0.00"], "-0.0"),
            (.naiveDate, ["2025-12-31", "2026-01-01", "0001-01-01"], "2026-01-01"),
            (.naiveDateTime, ["2026-01-01 00:00:00.000", "2026-01-01 00:00:00.001"], "2026-01-01 00:00:00.001"),
            (.naiveDateTime, ["2026-01-01 00:00:00", "2025-12-31 23:59:59.999999"], "2026-01-01 00:00:00"),
            (
                .utcDateTime, ["2026-01-01 00:00:00.100 UTC", "2026-01-01 00:00:00.020 UTC"],
                "2026-01-01 00:00:00.100 UTC"
            ),
            (.string, ["a", "B", "é", "z"], "é"), (.string, ["", "a", "ab"], "ab"),
        ] as [(ColumnType, [String], String)])
    func `the highest value is found by its type's order, NULLs aside`(
        _ type: ColumnType, _ values: [String], _ expected: String
    ) throws {
        let padded = [nil] + values.map(Optional.some) + [nil]
        #expect(try highest(type, padded)?.text == expected)
        let reversed = try #require(try highest(type, padded.reversed()))
        let first = try #require(CursorValue(reversed.kind, expected))
        // Of equal values, either may be returned.
        #expect(CursorValue.highest(reversed, first) == first && CursorValue.highest(first, reversed) == reversed)
    }

    @Test func `the highest of random numbers is the one that arithmetic finds`() throws {
        var random = SplitMix(seed: 20_261_130)
        for _ in 0..<200 {
            let numbers = (0..<20).map { _ in Int64.random(in: -1500...1500, using: &random) }
            let texts = numbers.map { number in
                let magnitude = String(abs(number))
                let digits = String(repeating: "0", count: max(0, 3 - magnitude.count)) + magnitude
                return (number < 0 ? "-" : "") + "\(digits.dropLast(2)).\(digits.suffix(2))"
            }
            let found = try #require(try highest(.decimal, texts))
            #expect(texts.firstIndex(of: found.text).map { numbers[$0] } == numbers.max(), "\(texts)")
        }
    }

    @Test func `there is no highest value without rows, or of NULLs, or of what no loader takes`() throws {
        #expect(try highest(.long, []) == nil)
        #expect(try highest(.string, [nil, "a\0b", nil]) == nil)
    }

    @Test func `the search continues from what was seen before`() throws {
        #expect(try highest(.long, ["5"], seen: CursorValue(.integer, "10"))?.text == "10")
        #expect(try highest(.long, ["50"], seen: CursorValue(.integer, "10"))?.text == "50")
        #expect(try highest(.long, [], seen: CursorValue(.integer, "10"))?.text == "10")
    }

    @Test(
        arguments: [
            (.boolean, "boolean"), (.float, "float"), (.double, "double"), (.binary, "varbinary"), (.json, "json"),
            (.string, "char"), (.string, "time"), (.string, "array"), (.string, "uuid"),
            (.string, "interval day to second"),
        ] as [(ColumnType, String)])
    func `a column whose texts have no exact order is refused by its type`(_ type: ColumnType, _ sourceType: String) {
        #expect { try highest(type, [], sourceType: sourceType) } throws: {
            "\($0)".contains("column c is of type \(sourceType)") && ($0 as? ExportError)?.isOfSchema == true
        }
    }

    @Test func `a column that is missing is refused by its name`() {
        #expect { try CursorTracker(column: "x", in: MemoryExport.columns, seen: nil) } throws: {
            "\($0)".contains("cursor column x is not in the result")
        }
    }

    @Test(
        arguments: [
            (.long, "1.0"), (.long, "x"), (.long, ""), (.decimal, "1e3"), (.decimal, "."), (.naiveDate, "10000-01-01"),
            (.naiveDate, "-001-01-01"), (.naiveDateTime, "2026-01-01"), (.naiveDateTime, "2026-01-01 00:00:00."),
            (.utcDateTime, "2026-01-01 00:00:00.000 Europe/Berlin"), (.utcDateTime, "2026-01-01 00:00:00.000 +01:00"),
            (.string, String(repeating: "x", count: 501)),
        ] as [(ColumnType, String)])
    func `a text that cannot be ordered or sent is refused by its row, and no value is guessed`(
        _ type: ColumnType, _ text: String
    ) {
        let good = type == .string ? "" : nil
        #expect { try highest(type, [good, text]) } throws: {
            "\($0)".contains("row 2") && "\($0)".contains("column c")
        }
    }
}

@Suite struct `An export with a cursor` {
    private static let pages: [[[String?]]] = [
        [["1", "b"], ["2", "z"]], [["3", nil], ["1", "c"], ["4", "a"]], [], [["5", "y"], ["6", "x"]],
    ]

    private func export(_ parent: FilePath) -> MemoryExport {
        var export = MemoryExport(parent)
        export.cursorColumn = "v"
        return export
    }

    @Test(arguments: 0...4)
    func `an export resumed anywhere has the highest value of all rows, and commits it at the end`(
        _ pagesBeforeFailure: Int
    ) async throws {
        try await withTemporaryDirectory { parent in
            let export = export(parent)
            let source = MemorySource(columns: MemoryExport.columns, pages: Self.pages)
            let batches = [0, 0, 1, 1, 2][pagesBeforeFailure]
            if pagesBeforeFailure < 4 {
                await #expect(throws: FailingSource.Failure.self) {
                    try await export.run(
                        FailingSource(
                            source: source, pagesBeforeFailure: pagesBeforeFailure, batchesBeforeFailure: batches,
                            of: export))
                }
                let state = try #require(try ExportJournal.read(export.directory).1)
                #expect(state.cursor?.committed == nil)
                #expect(state.checkpoint.highestCursor?.text == [nil, nil, "z", "z", "z"][pagesBeforeFailure])
            }
            try await export.run(source)
            let state = try #require(try ExportJournal.read(export.directory).1)
            #expect(state.cursor?.committed == CursorValue(.text, "z"))
            #expect(try export.manifest.runs[0].cursor == .init(column: "v", from: "", to: "z"))
        }
    }

    @Test func `an export read again from its beginning has the same highest value`() async throws {
        try await withTemporaryDirectory { parent in
            let export = export(parent)
            let source = MemorySource(columns: MemoryExport.columns, pages: Self.pages)
            await #expect(throws: FailingSource.Failure.self) {
                try await export.run(
                    FailingSource(source: source, pagesBeforeFailure: 3, batchesBeforeFailure: 1, of: export))
            }
            try await export.run(Self.pages, refusesTokens: false)
            #expect(try ExportJournal.read(export.directory).1?.cursor?.committed?.text == "z")
        }
    }

    @Test func `the cursor never goes back, and stays where it is without rows`() async throws {
        try await withTemporaryDirectory { parent in
            let export = export(parent)
            for (rows, expected) in [([["1", "m"]], "m"), ([["2", "c"]], "m"), ([], "m"), ([["3", "n"]], "n")] {
                try await export.run([rows])
                #expect(try ExportJournal.read(export.directory).1?.cursor?.committed?.text == expected)
            }
            let cursors = try export.manifest.runs.map { "\($0.cursor?.from ?? "-") \($0.cursor?.to ?? "-")" }
            #expect(cursors == [" m", "m m", "m m", "m n"])
        }
    }

    @Test func `an export whose state was lost continues from the manifest's cursor`() async throws {
        try await withTemporaryDirectory { parent in
            let export = export(parent)
            try await export.run([[["1", "m"]]])
            try FileManager.default.removeItem(atPath: export.directory.state.string)
            let journal = try ExportJournal(opening: export.directory, now: { "" })
            #expect(await journal.committedCursor(of: "v") == CursorValue(.text, "m"))
            #expect(await journal.committedCursor(of: "id") == nil)
        }
    }
}
