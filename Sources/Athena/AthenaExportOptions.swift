package import AWS
package import BatchExport
import Digest

extension AthenaExport {
    /// The query of an export, and how its rows are exported.
    package struct Options: Sendable {
        package var query: QueryChoice
        package var table: String
        package var export: ExportOptions
        /// The run's name, if one is given.
        package var runID: String?
        /// Give up an unfinished run.
        package var restart: Bool
        package var queryTimeout: Duration
        /// A run may continue with another source than it began with: the rows and their order are the same.
        package var source: SourceMode
        package var ranges = RangeSizes.standard
        /// Do not stop the query in Athena when this process stops waiting for it.
        package var leavesQueryRunning: Bool
        /// The cursor column; the statement then has ``CursorTemplate/placeholder``.
        package var cursor: CursorChoice?
        /// How arrays, maps and rows come.
        package var nested = NestedForm.text
        /// `s3://bucket/prefix/` below which an UNLOAD writes; nil for a prefix beside the results.
        package var unloadTarget: S3Prefix?
        /// Do not remove what an UNLOAD has written once the run has succeeded.
        package var keepsUnloaded = false
        /// How many full runs are kept once this one has succeeded; nil keeps all.
        package var prunedRuns: Int?
        /// The URL that the caller uploads the files to once the run has succeeded. The journal keeps it until that is
        /// done, so that the same call continues the upload.
        package var upload: String?

        package init(
            query: QueryChoice, table: String, export: ExportOptions, runID: String? = nil, restart: Bool = false,
            queryTimeout: Duration = .seconds(1800), source: SourceMode = .auto, leavesQueryRunning: Bool = false
        ) {
            self.query = query
            self.table = table
            self.export = export
            self.runID = runID
            self.restart = restart
            self.queryTimeout = queryTimeout
            self.source = source
            self.leavesQueryRunning = leavesQueryRunning
        }

        /// Whether the query is sent inside of another statement. The run asks for the query's columns first.
        package var isRewritten: Bool { source == .unload || nested == .json }

        /// The columns of the query as its files have them.
        package func exported(_ columns: [Column]) -> [Column] {
            isRewritten ? columns.map(\.withNestedJSON) : columns
        }

        /// What the files depend on. The compression level is part of it: a batch that is written again after a crash
        /// must have the same bytes.
        package var request: ExportRequest {
            var parts: [ExportRequest.Part] = []
            switch query {
            case .start(let query):
                parts += [
                    .init("query_sha256", SHA256.hex(query.statement)),
                    .init("parameters_sha256", query.parametersSHA256),
                    .init("database", query.database ?? ""), .init("catalog", query.catalog ?? ""),
                    .init("work_group", query.workGroup ?? ""),
                ]
            case .attach(let id): parts.append(.init("query_execution_id", id))
            }
            if let cursor {
                parts += [
                    .init("cursor_column", cursor.column), .init("cursor_start", cursor.start?.sqlLiteral ?? ""),
                ]
            }
            // Left out where it is as ever, so that the state files of earlier versions stay valid.
            if source == .unload { parts.append(.init("source", "unload")) }
            if nested == .json, source != .unload { parts.append(.init("nested", "json")) }
            // Upsert is left out, so that runs of older versions have the same fingerprint.
            if export.primaryKey.isEmpty { parts.append(.init("write_mode", WriteMode.append.rawValue)) }
            if export.changes != nil { parts.append(.changesOnly) }
            return ExportRequest(
                parts + [
                    .init("table", table), .init("primary_key", export.primaryKey.joined(separator: ",")),
                    .init("format", export.format.rawValue), .init("batch_rows", String(export.limits.rows)),
                    .init("batch_bytes", String(export.limits.bytes)),
                    .init("compression_level", String(export.compressionLevel)),
                ])
        }
    }

    /// How values of arrays, maps and rows come.
    package enum NestedForm: Sendable {
        /// As Athena prints them, which nothing can take apart again.
        case text
        /// As JSON, for which the query is sent inside of another one.
        case json
    }

    /// Which query's result is exported.
    package enum QueryChoice: Sendable, Equatable {
        case start(AthenaQuery)
        /// An existing execution, by its QueryExecutionId.
        case attach(String)

        /// Nil for an existing execution.
        package var started: AthenaQuery? {
            if case .start(let query) = self { query } else { nil }
        }

        var parametersSHA256: String? { started?.parametersSHA256 }
    }
}

extension AthenaQuery {
    /// Digest of the parameters as they were given, without a cursor.
    fileprivate var parametersSHA256: String {
        SHA256.hex(parameters.map { "\($0.utf8.count):\($0)" }.joined())
    }
}
