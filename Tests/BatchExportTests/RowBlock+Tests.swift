import BatchExport

/// Rows for tests, from strings.
///
/// - Parameter traits: what a parser noticed about every text, beside U+0000.
func block(_ rows: [[String?]], traits: RowBlock.Traits = []) -> RowBlock {
    var bytes: [UInt8] = []
    var cells: [RowBlock.Cell] = []
    var hasUnloadable = false
    for value in rows.joined() {
        guard let value else {
            cells.append(.null)
            continue
        }
        let isNUL = value.utf8.contains(0)
        hasUnloadable = hasUnloadable || isNUL
        cells.append(RowBlock.Cell(start: bytes.count, count: value.utf8.count, traits: isNUL ? .nul : traits))
        bytes += Array(value.utf8)
    }
    return RowBlock(bytes: bytes, cells: cells, columnCount: rows.first?.count ?? 0, hasUnloadableCells: hasUnloadable)
}

func columns(_ types: [ColumnType]) -> [Column] {
    types.enumerated().map {
        Column(name: "c\($0.offset)", sourceType: $0.element.rawValue.lowercased(), type: $0.element)
    }
}
