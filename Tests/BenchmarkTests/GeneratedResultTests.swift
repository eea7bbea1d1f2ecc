import BatchExport
import Testing

@testable import Athena
@testable import athena_export_benchmark

@Suite struct `Generated results` {
    @Test(arguments: BenchmarkTable.allCases)
    func `pages hold the rows that the object in S3 holds`(table: BenchmarkTable) throws {
        // Beyond the end of a period, and not at the end of a page.
        let result = GeneratedResult(table, rowCount: table.period + 1234)
        let pages = try result.allPages(maxResults: 1000)
        let records = CSVRecords(try #require(result.object(inPiecesOf: 1 << 30))).records
        #expect(pages.allSatisfy { $0.columns.map(\.name) == table.columns.map(\.name) })
        #expect(pages.flatMap(\.values) == records)
        #expect(records.first == table.columns.map(\.name))
        #expect(Set(records.map { $0[0] }).count == result.rowCount + 1, "a key came twice")
    }

    @Test(arguments: [0, 1, 998, 999, 1000, 1998, 1999, 2000, 2500])
    func `a full page has a token, the last page has none`(rowCount: Int) throws {
        let pages = try GeneratedResult(.customers, rowCount: rowCount).allPages(maxResults: 1000)
        let counts = pages.map(\.rows.rowCount)
        #expect(counts.reduce(0, +) == rowCount + 1)
        #expect(counts.dropLast().allSatisfy { $0 == 1000 })
        #expect(try #require(counts.last) < 1000)
    }

    @Test func `a page may be smaller than the service's largest`() throws {
        let result = GeneratedResult(.customers, rowCount: 20)
        let large = try result.allPages(maxResults: 1000).flatMap(\.values)
        for size in [1, 7] { #expect(try result.allPages(maxResults: size).flatMap(\.values) == large) }
    }

    @Test(arguments: BenchmarkTable.allCases, [1, 97, 4096, 100_003])
    func `the object is the same in pieces of any size`(table: BenchmarkTable, size: Int) throws {
        let result = GeneratedResult(table, rowCount: size == 1 ? 10 : table.period + 10)
        #expect(result.object(inPiecesOf: size) == result.object(inPiecesOf: 1 << 30))
        #expect(result.object(inPiecesOf: size)?.count == result.csvBytes)
    }

    @Test func `a token that was never given out is refused`() {
        let result = GeneratedResult(.customers, rowCount: 10)
        for token in ["", "7", String(repeating: "A", count: 98) + "11", String(repeating: "B", count: 100)] {
            var body: [UInt8] = []
            #expect(!result.appendPage(token: token, maxResults: 1000, to: &body))
            #expect(body.isEmpty)
        }
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 9999, 10_000, 12_345_678, 90_807_060, 99_999_999])
    func `eight digits in memory are the number's own`(number: Int) {
        let digits = withUnsafeBytes(of: RowStrip.eightDigits(number)) { String(decoding: $0, as: UTF8.self) }
        #expect(digits == String(repeating: "0", count: 8 - String(number).count) + String(number))
    }
}

extension GeneratedResult {
    fileprivate func allPages(maxResults: Int) throws -> [ResultsAnswer] {
        var pages: [ResultsAnswer] = []
        repeat {
            var body: [UInt8] = []
            let isKnown = appendPage(token: pages.last?.nextToken, maxResults: maxResults, to: &body)
            try #require(isKnown)
            pages.append(try ResultsAnswer(parsing: body))
        } while pages.last?.nextToken != nil
        return pages
    }

    /// Put together from pieces; nil if one of them is empty or too long.
    fileprivate func object(inPiecesOf size: Int) -> [UInt8]? {
        var object: [UInt8] = []
        while object.count < csvBytes {
            let before = object.count
            appendCSV(from: before, maximum: min(size, csvBytes - before), to: &object)
            guard before < object.count, object.count <= before + size else { return nil }
        }
        return object
    }
}

extension ResultsAnswer {
    fileprivate var values: [[String?]] {
        (0..<rows.rowCount).map { row in
            rows.cellIndices(ofRow: row).map { index in
                rows.cells[index].isNull ? nil : String(decoding: rows.bytes[rows.cells[index].range], as: UTF8.self)
            }
        }
    }
}

/// Athena's dialect, read in the simplest way: a value in quotes, or nothing for NULL.
private struct CSVRecords {
    private(set) var records: [[String?]] = [[]]

    init(_ text: [UInt8]) {
        var value: [UInt8]?
        var isQuoted = false
        for (index, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "\"") where isQuoted: isQuoted = false
            case UInt8(ascii: "\""):
                isQuoted = true
                // A quote right behind a closing one was doubled.
                if value != nil, text[index - 1] == byte { value?.append(byte) } else { value = [] }
            case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: "\n") where !isQuoted:
                records[records.count - 1].append(value.map { String(decoding: $0, as: UTF8.self) })
                value = nil
                if byte == UInt8(ascii: "\n") { records.append([]) }
            default: value?.append(byte)
            }
        }
        records.removeLast()
    }
}
