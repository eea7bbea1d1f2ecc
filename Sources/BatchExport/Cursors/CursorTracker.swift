import Text

/// Keeps the highest value of one column over the rows of a result.
///
/// Duplicate and rejected rows count too, since they need not be queried again. NULL does not count, nor does a text that
/// cannot be sent back to the source; such a row is in no file either.
struct CursorTracker {
    private let column: String
    private let index: Int
    private let kind: CursorValue.Kind
    private var highest: [UInt8]?

    /// - Parameter seen: the highest value of the rows before.
    /// - Throws: ``ExportError/options(_:)`` if the column is missing or has no order.
    init(column: String, in columns: [Column], seen: CursorValue?) throws(ExportError) {
        guard let index = columns.firstIndex(where: { $0.name == column }) else {
            throw .options(
                "the cursor column \(column.prefix(100)) is not in the result; select it in the query, or name another "
                    + "one with --cursor-column")
        }
        guard let kind = CursorValue.Kind(columns[index]) else {
            throw .options(
                "the cursor column \(column.prefix(100)) is of type \(columns[index].typeDescription), whose texts do "
                    + "not show an exact order; an integer, decimal, date, timestamp or varchar does (CAST in the query)"
            )
        }
        self.column = column
        self.index = index
        self.kind = kind
        highest = seen.map { Array($0.text.utf8) }
    }

    /// - Parameter number: of the first row in the result, from 1.
    mutating func see(_ block: RowBlock, rows: Range<Int>, number: Int) throws(ExportError) {
        for row in rows { try see(block, row: row, number: number + row - rows.lowerBound) }
    }

    private mutating func see(_ block: RowBlock, row: Int, number: Int) throws(ExportError) {
        let cell = block.cells[block.cellIndices(ofRow: row).lowerBound + index]
        guard !cell.isNull, cell.traits.isDisjoint(with: [.nul, .loneSurrogate]) else { return }
        let bytes = block.bytes.span
        guard kind.accepts(bytes, in: cell.range) else { throw refusal(of: number) }
        if let highest, kind.compare(bytes, cell.range, with: highest.span, highest.indices) <= 0 { return }
        guard cell.range.count <= CursorValue.maximumTextBytes else {
            throw .options(
                "row \(number): the value of cursor column \(column.prefix(100)) has \(cell.range.count) bytes, more "
                    + "than the \(CursorValue.maximumTextBytes) that can be sent back; go by another --cursor-column")
        }
        highest = Array(block.bytes[cell.range])
    }

    private func refusal(of row: Int) -> ExportError {
        let advice =
            kind == .zonedTimestamp
            ? "only times in UTC show their order; use AT TIME ZONE 'UTC' in the query"
            : "its form has no order; exclude such rows in the query"
        return .options("row \(row): the value of cursor column \(column.prefix(100)), a \(kind.rawValue): \(advice)")
    }

    /// The highest value; nil if no row had one.
    var value: CursorValue? { highest.flatMap { CursorValue(kind, String(decoding: $0, as: UTF8.self)) } }
}
