import Athena
import BatchExport

/// What the steps before have found out about one table.
struct CheckFindings: Sendable {
    let configuration: ExportConfiguration
    let services: CheckServices
    /// From `output`; nil if the directory could not be read.
    var table: HeldTable?
    /// From `work_group`; nil if it is not known.
    var workGroup: WorkGroup?
    /// From `statement`; nil if they were not requested.
    var probed: ProbedColumns?
    /// From `key`.
    var schema: ResultSchema?

    /// Nil for a query that exists.
    var query: AthenaQuery? { configuration.export.query.started }
    /// Where the configuration wants the result.
    var askedLocation: String? { query?.outputLocation }
}
