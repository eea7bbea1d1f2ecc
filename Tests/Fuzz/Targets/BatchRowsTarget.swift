@testable import BatchExport

extension FuzzTarget {
    /// The rows of published files. The encoder writes the rows that the scanner accepts to the same bytes again;
    /// values that version 0.1.0 wrote without quotes get them.
    static let csvRows = FuzzTarget("csv-rows") { try check($0, as: .csv) }
    static let ndjsonRows = FuzzTarget("ndjson-rows") { try check($0, as: .ndjson) }

    private static let columns = [ColumnType.string, .long, .double, .boolean, .json].enumerated().map {
        Column(name: "c\($0.offset)", sourceType: $0.element.rawValue.lowercased(), type: $0.element)
    }

    private static func check(_ input: [UInt8], as format: FileFormat) throws {
        // In CSV, a single column is a special case.
        for columns in [columns, Array(columns.prefix(1))] {
            let scanner = format.scanner(for: columns)
            let encoder = format.encoder(for: columns)
            var rows = ScannedRows(decodedStart: input.count)
            var ends = [0]
            do {
                while let end = try scanner.scanRow(input.span, from: ends[ends.count - 1], into: &rows) {
                    try promise(end > ends[ends.count - 1] && end <= input.count, "a row ends behind its beginning")
                    ends.append(end)
                }
            } catch let problem as RowProblem {
                try promise(problem.reason.utf8.count < 200, "an error quotes nothing of the file")
            }
            rows.truncate(toCells: (ends.count - 1) * columns.count)
            let block = RowBlock(
                bytes: input + rows.decoded, cells: rows.cells, columnCount: columns.count, hasUnloadableCells: false)
            var written = EncodedRows()
            try encoder.encode(block, into: &written)
            for row in 0..<ends.count - 1 where !hasOlderForm(block, row, in: input) {
                try promise(
                    written.bytes[written.range(ofRow: row)] == input[ends[row]..<ends[row + 1]],
                    "a row is written as it was read")
            }
        }
    }

    /// Whether a row of CSV has a value without quotes that is written with them now.
    private static func hasOlderForm(_ block: RowBlock, _ row: Int, in input: [UInt8]) -> Bool {
        block.cells[block.cellIndices(ofRow: row)].contains { cell in
            !cell.isNull && cell.range.upperBound <= input.count
                && CSVEncoder.needsQuotes(block.bytes.span, in: cell.range)
                && (cell.range.lowerBound == 0 || input[cell.range.lowerBound - 1] != UInt8(ascii: "\""))
        }
    }
}
