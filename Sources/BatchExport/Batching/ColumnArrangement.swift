/// Brings the columns of a result into the order of the files.
struct ColumnArrangement: Sendable {
    /// Of the result.
    let columns: [Column]
    /// For each column of a file its place in the result; nil if the orders are the same.
    private let places: [Int]?

    /// - Parameters:
    ///   - columns: of the result.
    ///   - schema: of the files; the same columns, by name.
    init(from columns: [Column], to schema: ResultSchema) {
        self.columns = columns
        let places = schema.columns.compactMap { column in columns.firstIndex { $0.name == column.name } }
        self.places = places == Array(columns.indices) ? nil : places
    }

    /// The rows with their cells in the files' order. The text stays where it is.
    func arranged(_ block: RowBlock) -> RowBlock {
        guard let places else { return block }
        let cells = block.cells.span
        var arranged: [RowBlock.Cell] = []
        arranged.reserveCapacity(cells.count)
        for row in 0..<block.rowCount {
            let first = block.cellIndices(ofRow: row).lowerBound
            for place in places { arranged.append(cells[first + place]) }
        }
        return RowBlock(
            bytes: block.bytes, cells: arranged, columnCount: places.count,
            hasUnloadableCells: block.hasUnloadableCells)
    }
}
