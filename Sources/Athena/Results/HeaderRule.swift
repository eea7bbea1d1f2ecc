import BatchExport

/// Whether the first row of a result is data or repeats the column names.
///
/// The first page of a SELECT begins with a row of column names, later pages do not, and SHOW and DESCRIBE have none at
/// all. So neither the position nor the text decides alone: a data row may have the same text as the header.
enum HeaderRule: Sendable, Equatable {
    /// The first row of the first page must be the names.
    case expected
    /// The first row is the header if it has the names: for statements that the service answers in both ways.
    case possible
    /// Every row is data.
    case absent

    /// - Parameters: as GetQueryExecution gives them.
    init(statementType: String?, substatementType: String?) {
        let substatement = substatementType?.uppercased() ?? ""
        self =
            switch statementType?.uppercased() {
            case "DML": substatement.hasPrefix("EXPLAIN") ? .possible : .expected
            case "DDL", "UTILITY":
                substatement.hasPrefix("EXPLAIN") || substatement.hasPrefix("SHOW_FUNCTIONS") ? .possible : .absent
            default: .possible
            }
    }

    /// Removes the header row from the first page, if it has one.
    ///
    /// - Throws: ``ExportError/inconsistentSource(_:)`` if the header is missing, since a guess would lose or add a
    ///   row.
    func removed(from rows: RowBlock, columns: [ColumnInfo]) throws(ExportError) -> RowBlock {
        guard self != .absent, rows.rowCount > 0 else { return rows }
        if let rest = Self.withoutHeader(rows, columns) { return rest }
        if self == .possible { return rows }
        throw .inconsistentSource(
            "the first row of the result does not repeat the column names, as the first row of a SELECT does; "
                + "whether it is data is unknown, so nothing was exported; run the query again with --restart")
    }

    /// The rows behind the first one; nil if that does not repeat the column names.
    static func withoutHeader(_ rows: RowBlock, _ columns: [ColumnInfo]) -> RowBlock? {
        let isHeader =
            rows.rowCount > 0
            && zip(rows.cells, columns).allSatisfy { cell, column in
                !cell.isNull && rows.bytes[cell.range].elementsEqual(column.name.utf8)
            }
        guard isHeader else { return nil }
        return RowBlock(
            bytes: rows.bytes, cells: Array(rows.cells.dropFirst(rows.columnCount)), columnCount: rows.columnCount,
            hasUnloadableCells: rows.hasUnloadableCells)
    }
}
