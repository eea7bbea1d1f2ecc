/// Writes the script that loads an export into one kind of target. A new target is one file with one of these.
///
/// Loaders do no I/O: the text depends on the plan alone.
package protocol Loader: Sendable {
    /// The complete text for the target's own tool.
    ///
    /// - Throws: ``ExportError/schema(_:)`` if the target cannot have a name of the plan.
    func text(for plan: LoadPlan) throws(ExportError) -> String
}

/// The targets that an export can be loaded into.
package enum LoaderKind: String, Sendable, CaseIterable {
    case postgres, duckdb, sqlite, redshift, snowflake, bigquery, datapackage

    package var loader: any Loader {
        switch self {
        case .postgres: PostgresLoader()
        case .duckdb: DuckDBLoader()
        case .sqlite: SQLiteLoader()
        case .redshift: RedshiftLoader()
        case .snowflake: SnowflakeLoader()
        case .bigquery: BigQueryLoader()
        case .datapackage: DataPackageLoader()
        }
    }

    /// Whether the target reads files where its own tool runs.
    package var readsLocalFiles: Bool {
        switch self {
        case .postgres, .duckdb, .sqlite, .datapackage: true
        case .redshift, .snowflake, .bigquery: false
        }
    }

    /// The schemes of the object stores that the target reads from; none if it reads local files only.
    package var urlSchemes: [String] {
        switch self {
        case .postgres, .sqlite, .datapackage: []
        case .redshift: ["s3"]
        case .duckdb, .snowflake: ["s3", "gs"]
        case .bigquery: ["gs"]
        }
    }

    /// Whether the target has schemas for tables (data sets, in BigQuery's words).
    package var hasSchemas: Bool { self != .sqlite && self != .datapackage }
}
