import BatchExport

@testable import Athena
@testable import AWS

extension FuzzTarget {
    /// The CSV of result objects. Ranges of any size give the same rows as the whole, or an error like the whole.
    static let resultCSV = FuzzTarget("result-csv") { input in
        guard input.count <= 512 else { return }
        for columns in [1, 3] {
            let whole = try? texts(ResultCSV.rows(in: input, columnCount: columns))
            for size in 1...max(1, input.count) {
                let ranged = try? rows(of: input, inRangesOf: size, columns: columns)
                try promise(ranged == whole, "ranges of \(size) bytes hold the rows of the whole")
            }
        }
    }

    private static func rows(of input: [UInt8], inRangesOf size: Int, columns: Int) throws -> [[[UInt8]?]] {
        var cut = RangeCut(before: 0)
        var rows: [[[UInt8]?]] = []
        for start in stride(from: 0, to: input.count, by: size) {
            let piece = Array(input[start..<min(start + size, input.count)])
            let range = S3ObjectRange(offset: start, bytes: piece, objectSize: input.count, etag: "\"v\"")
            cut = try RangeCut(
                of: FetchedRange(range: range, hasOddQuotes: piece.span.hasOddQuotes), after: cut,
                objectSize: input.count)
            for block in try cut.blocks(columnCount: columns) { rows += try texts(block.rows) }
        }
        return rows
    }

    private static func texts(_ block: RowBlock) throws -> [[[UInt8]?]] {
        try (0..<block.rowCount).map { row in
            try block.cellIndices(ofRow: row).map { index in
                let cell = block.cells[index]
                guard !cell.isNull else { return nil }
                let text = Array(block.bytes[cell.range])
                try promise(text.utf8Text != nil, "a cell is UTF-8")
                try promise(!text.contains(0) || block.hasUnloadableCells, "a cell with U+0000 is known")
                return text
            }
        }
    }
}
