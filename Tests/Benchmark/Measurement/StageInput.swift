import Athena
import BatchExport
import JSON

/// The inputs of the steps of an export, each made from the step before it on first use.
final class StageInput {
    let table: BenchmarkTable
    let rowCount: Int
    private var parsed: [ResultsAnswer]?
    private var encoded: [FileFormat: [[UInt8]]] = [:]

    init(_ table: BenchmarkTable, rowCount: Int) {
        self.table = table
        self.rowCount = rowCount
    }

    /// The bodies of all answers.
    private(set) lazy var pages: [[UInt8]] = {
        let result = GeneratedResult(table, rowCount: rowCount)
        let tokens = stride(from: 999, through: rowCount, by: 1000).map { GeneratedResult.token(forRow: $0) }
        return ([nil] + tokens).map { token in
            var body: [UInt8] = []
            _ = result.appendPage(token: token, maxResults: 1000, to: &body)
            return body
        }
    }()

    /// The lines of the object behind its header, in pieces about as large as the ranges of an export.
    private(set) lazy var lines: [[UInt8]] = {
        let result = GeneratedResult(table, rowCount: rowCount)
        let count = rowCount * (2 << 20) / result.csvBytes
        return stride(from: 0, to: rowCount, by: count).map { first in
            var piece: [UInt8] = []
            result.appendCSV(first..<min(first + count, rowCount), to: &piece)
            return piece
        }
    }()

    func columns() throws -> [Column] {
        try parsedPages().first?.columns.map(\.column) ?? []
    }

    func rows() throws -> [RowBlock] {
        try parsedPages().map(\.rows)
    }

    func encoded(_ format: FileFormat) throws -> [[UInt8]] {
        if let chunks = encoded[format] { return chunks }
        let chunks = try Self.encode(rows(), format.encoder(for: columns()))
        encoded[format] = chunks
        return chunks
    }

    private func parsedPages() throws -> [ResultsAnswer] {
        if let parsed { return parsed }
        let pages = try pages.map { try Self.parse($0) }
        parsed = pages
        return pages
    }

    func parseLines(_ piece: [UInt8]) throws -> RowBlock {
        try ResultCSV.rows(in: piece, columnCount: table.columns.count)
    }

    static func parse(_ body: [UInt8]) throws(JSONError) -> ResultsAnswer {
        try ResultsAnswer(parsing: body)
    }

    /// In chunks as large as a batch's.
    static func encode(_ blocks: [RowBlock], _ encoder: any RowEncoder) throws -> [[UInt8]] {
        let chunkBytes = 256 << 10
        var encoded: [[UInt8]] = []
        var open = EncodedRows(capacity: chunkBytes + (8 << 10))
        for block in blocks {
            var row = 0
            while row < block.rowCount {
                row = try encoder.encode(block, rows: row..<block.rowCount, into: &open, limit: chunkBytes)
                if open.bytes.count >= chunkBytes {
                    encoded.append(open.bytes)
                    open = EncodedRows(capacity: chunkBytes + (8 << 10))
                }
            }
        }
        return encoded + [open.bytes]
    }
}
