import Athena
import BatchExport

/// What the steps before have found out about one table.
struct CheckFindings: Sendable {
    let configuration: ExportConfiguration
    let services: CheckServices
    /// From `output`; nil if the directory could not be read.
    var table: HeldTable?
    /// From `statement`; nil if they were not requested.
    var probed: ProbedColumns?
    /// From `key`.
    var schema: ResultSchema?

    /// The columns that files will have; nil if they are not known.
    var columns: [Column]? { probed.map { configuration.export.exported($0.columns) } }

    /// Nil for a query that exists.
    var query: AthenaQuery? { configuration.export.query.started }

    /// From where the run would read on; nil without a cursor.
    func cursor() throws -> CursorValue? {
        guard let choice = configuration.export.cursor else { return nil }
        if let value = table?.committedCursor(of: choice.column) ?? choice.start { return value }
        throw AthenaExportError.noCursor(column: choice.column)
    }
}
