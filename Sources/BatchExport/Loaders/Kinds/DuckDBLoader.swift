/// SQL for DuckDB, from its command line or any of its clients.
///
/// DuckDB checks neither the check value nor the end of a gzip file, so the digest is what finds a damaged one.
struct DuckDBLoader: Loader {
    func text(for plan: LoadPlan) throws(ExportError) -> String {
        try plan.refuseCRLF(for: "DuckDB")
        let script = DuckDBScript(plan)
        return ([script.opening] + plan.batches.map { script.load($0) } + [script.closing]).joined(separator: "\n")
    }
}

private struct DuckDBScript {
    let plan: LoadPlan
    let table: TargetTable
    let target: String

    init(_ plan: LoadPlan) {
        self.plan = plan
        table = TargetTable(plan: plan) { Self.type($0, isKey: plan.isKey($0)) }
        target = SQLQuoting.text(plan.targetName)
    }

    var opening: String {
        """
        -- Loads \(plan.summary) of an export into DuckDB:
        --     athena-export loader duckdb DIR | duckdb -bail warehouse.duckdb
        -- A batch that the table has is passed over.
        \(objectStore)CREATE TABLE IF NOT EXISTS \(table.name) (
        \(table.definitions())
        );
        CREATE TABLE IF NOT EXISTS \(table.loads) (
          target VARCHAR,
          batch BIGINT,
          "rows" BIGINT NOT NULL,
          sha256 VARCHAR NOT NULL,
          loaded_at TIMESTAMPTZ NOT NULL DEFAULT current_timestamp,
          PRIMARY KEY (target, batch)
        );
        \(table.additions)
        """
    }

    /// What reads from an object store; nothing for local files.
    private var objectStore: String {
        guard plan.location.contains("://") else { return "" }
        let secret =
            plan.location.hasPrefix("gs://")
            ? "TYPE gcs, KEY_ID '…', SECRET '…'" : "TYPE s3, PROVIDER credential_chain"
        return """
            -- Reading from \(plan.location.prefix { $0 != ":" })://… needs a secret, made before this script runs:
            --     CREATE SECRET (\(secret));
            INSTALL httpfs;
            LOAD httpfs;

            """
    }

    var closing: String {
        """
        SELECT coalesce(max(batch), 0) AS last_batch, count(*) AS batches, coalesce(sum("rows"), 0) AS rows_loaded
        FROM \(table.loads) WHERE target = \(target);

        """
    }

    /// One transaction. SQL cannot branch, so a batch that is not due reads nothing: DuckDB drops a scan whose
    /// condition is a constant false, and the manifest is read in the place of a file that may be gone.
    func load(_ batch: LoadPlan.Step) -> String {
        let number = batch.sequence
        let columns = plan.columns(of: batch)
        let before = plan.predecessor(of: batch)?.sequence ?? 0
        let file = SQLQuoting.text("\(plan.location)/\(batch.path)")
        return """
            BEGIN TRANSACTION;
            SET VARIABLE athena_export_is_due = (
              SELECT CASE
                WHEN count(*) FILTER (batch = \(number) AND sha256 <> '\(batch.sha256)') > 0
                THEN error('batch \(number) of this table was loaded from another file; load into another --table')
                WHEN \(before) > 0 AND coalesce(max(batch), 0) < \(number) AND count(*) FILTER (batch = \(before)) = 0
                THEN error('batch \(number): batch \(before) is not in the table yet')
                ELSE coalesce(max(batch), 0) < \(number) END
              FROM \(table.loads) WHERE target = \(target));
            SET VARIABLE athena_export_file = CASE
              WHEN getvariable('athena_export_is_due') THEN \(file)
              ELSE \(SQLQuoting.text("\(plan.location)/manifest.json")) END;
            SET VARIABLE athena_export_sha256 = (
              SELECT CASE
                WHEN NOT getvariable('athena_export_is_due') OR max(sha256(content)) = '\(batch.sha256)' THEN 'right'
                ELSE error('batch \(number): the file is missing, or its SHA-256 is not the manifest''s') END
              FROM read_blob(getvariable('athena_export_file')) WHERE getvariable('athena_export_is_due'));
            CREATE OR REPLACE TEMPORARY TABLE athena_export_stage AS
            SELECT * FROM \(reader(columns)) WHERE getvariable('athena_export_is_due');
            SET VARIABLE athena_export_rows = (
              SELECT CASE
                WHEN NOT getvariable('athena_export_is_due') OR count(*) = \(batch.rows) THEN count(*)
                ELSE error('batch \(number): the file does not hold the \(batch.rows) rows that the manifest names') END
              FROM athena_export_stage);
            \(application(of: batch, columns))
            INSERT INTO \(table.loads) (target, batch, "rows", sha256)
            SELECT \(target), \(number), \(batch.rows), '\(batch.sha256)' WHERE getvariable('athena_export_is_due');
            DROP TABLE athena_export_stage;
            COMMIT;

            """
    }

    private func application(of batch: LoadPlan.Step, _ columns: [Column]) -> String {
        let expressions = columns.map { expression($0) }
        guard !batch.isDeletes else { return table.deletion(expressions, from: "FROM athena_export_stage") }
        return """
            INSERT INTO \(table.name) (\(table.list(columns)))
            SELECT
            \(SQLQuoting.lines(expressions))
            FROM athena_export_stage\(table.onConflict(columns));
            """
    }

    /// Everything is read as text, so that the types are the manifest's and not guessed. Lines may be as long as the 32
    /// MB of a row in Athena, escaped.
    private func reader(_ columns: [Column]) -> String {
        let fields = columns.map { "\(SQLQuoting.text($0.name)): '\(stagedType($0))'" }
        let common = """
            hive_partitioning = false, compression = 'gzip', columns = {
            \(SQLQuoting.lines(fields, indentation: 4))
              }
            """
        switch plan.format {
        case .csv:
            // Without the option for the line end, DuckDB takes a CR in the header for one.
            return """
                read_csv(getvariable('athena_export_file'), auto_detect = false, header = true, delim = ',',
                  new_line = '\\n', quote = '"', escape = '"', allow_quoted_nulls = false, max_line_size = 67108864,
                  buffer_size = 134217728, \(common))
                """
        case .ndjson:
            // Without the option for records, DuckDB opens a file of one column before it drops the scan.
            return """
                read_json(getvariable('athena_export_file'), format = 'newline_delimited', records = true,
                  maximum_object_size = 134217728, \(common))
                """
        }
    }

    /// In NDJSON, numbers and JSON are JSON values, which cannot be read as text.
    private func stagedType(_ column: Column) -> String {
        guard plan.format == .ndjson else { return "VARCHAR" }
        switch column.type {
        case .boolean, .short, .int, .long, .float, .double, .json: return table.type(column)
        default: return "VARCHAR"
        }
    }

    private func expression(_ column: Column) -> String {
        let name = SQLQuoting.name(column.name)
        return switch column.type {
        case .string: name
        case .binary: "unhex(replace(\(name), ' ', ''))"
        // DuckDB accepts a minus sign before a year, which Athena prints by ISO 8601, and no plus sign.
        case .naiveDate, .naiveDateTime: "CAST(ltrim(\(name), '+') AS \(table.type(column)))"
        // DuckDB reads the name of a zone after a blank, and an offset without one.
        case .utcDateTime:
            #"CAST(regexp_replace(ltrim(\#(name), '+'), ' ([+-]\d\d:\d\d)$', '\1') AS TIMESTAMPTZ)"#
        default: "CAST(\(name) AS \(table.type(column)))"
        }
    }

    private static func type(_ column: Column, isKey: Bool) -> String {
        switch column.type {
        case .string: "VARCHAR"
        case .boolean: "BOOLEAN"
        case .short: "SMALLINT"
        case .int: "INTEGER"
        case .long: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .decimal:
            column.decimalDigits(atMost: 38).map { "DECIMAL(\($0.precision), \($0.scale))" } ?? "VARCHAR"
        case .naiveDate: "DATE"
        case .naiveDateTime: "TIMESTAMP"
        case .utcDateTime: "TIMESTAMPTZ"
        case .binary: "BLOB"
        case .json: isKey ? "VARCHAR" : "JSON"
        }
    }
}
