import BatchExport
import JSON

@testable import Athena

extension FuzzTarget {
    /// Lines that an UNLOAD has written. They give the same rows line by line as all at once, and those that the parser of
    /// JSON gives.
    static let unloadedLines = FuzzTarget("unloaded-lines") { input in
        guard input.count <= 4096 else { return }
        let forms: [ColumnForm] = [.text, .float, .hexadecimal, .integer, .boolean]
        for forms in [forms, [.text, .text]] {
            // Blocks of one line in most cases.
            let reader = JSONLinesReader(forms: forms, blockCells: 3)
            let whole = try? rows(of: input, reader)
            var lines: [[[UInt8]?]]? = []
            for line in input.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast(
                input.last == 0x0a ? 1 : 0)
            {
                // An empty text has no rows, and an empty line is none.
                let row = line.isEmpty ? nil : try? rows(of: Array(line), reader)
                lines = row.flatMap { row in lines.map { $0 + row } }
            }
            if input.isEmpty { lines = [] }
            try promise(whole == lines, "lines alone have the rows of the whole")
            // The parser of JSON refuses half a surrogate pair, which is a row of its own here.
            guard forms.count == 2, let whole, !input.contains(UInt8(ascii: "\\")) else { continue }
            let model = try input.split(separator: 0x0a).map { line in
                let object = JSONField(try JSONValue(parsing: Array(line)))
                return try ["c0000", "c0001"].map { try object.optionalMember($0)?.string() }
            }
            let texts = whole.map { $0.map { $0.map { String(decoding: $0, as: UTF8.self) } } }
            try promise(texts == model, "the rows are those of the parser of JSON")
        }
    }

    private static func rows(of bytes: [UInt8], _ reader: JSONLinesReader) throws -> [[[UInt8]?]] {
        var (rest, offset) = (bytes, 0)
        var rows: [[[UInt8]?]] = []
        while offset < bytes.count {
            let block = try reader.rows(in: &rest, at: &offset)
            rows += (0..<block.rowCount).map { row in
                block.cellIndices(ofRow: row).map { index in
                    let cell = block.cells[index]
                    return cell.isNull ? nil : Array(block.bytes[cell.range])
                }
            }
        }
        return rows
    }
}
