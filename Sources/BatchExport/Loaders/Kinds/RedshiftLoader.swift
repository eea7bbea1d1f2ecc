/// A script for Amazon Redshift that copies each batch by a manifest of Redshift's own form, which names the one file
/// and makes it mandatory: COPY takes any other name for a prefix of names.
///
/// A procedure does the work, since plain SQL there can neither branch nor fail. Written after AWS's documents ("COPY",
/// "Using a manifest to specify data files", "MERGE", "Using names in stored procedures").
struct RedshiftLoader: Loader {
    func text(for plan: LoadPlan) throws(ExportError) -> String {
        let script = RedshiftScript(plan)
        return ([script.opening, script.additions] + plan.batches.map { script.load($0) }).joined(separator: "\n")
            + "\n"
    }
}

private struct RedshiftScript {
    let plan: LoadPlan
    let table: TargetTable
    let procedure: String
    let target: String

    init(_ plan: LoadPlan) {
        self.plan = plan
        table = TargetTable(plan: plan) { Self.type($0, isKey: plan.isKey($0)) }
        procedure = table.qualified(SQLQuoting.name("athena_export_load_\(plan.target.table)"))
        target = SQLQuoting.escapedText(plan.targetName)
    }

    var opening: String {
        """
        -- Loads \(plan.summary) of an export into Amazon Redshift, for psql, the query editor or the Data API.
        -- COPY reads each batch by a manifest beside the data; put them there first:
        --     athena-export upload DIR URL --redshift-manifests
        -- A batch that the table has is passed over.
        -- COPY does not read years before 1 and after 9999 (-0001-12-31, +10000-01-01). It stops there, and
        -- SYS_LOAD_ERROR_DETAIL names the column: \(SignedYear.remedy).
        CREATE TABLE IF NOT EXISTS \(table.name) (
        \(table.definitions())
        );
        CREATE TABLE IF NOT EXISTS \(table.loads) (
          target VARCHAR(512) NOT NULL,
          batch BIGINT NOT NULL,
          row_count BIGINT NOT NULL,
          sha256 CHAR(64) NOT NULL,
          loaded_at TIMESTAMPTZ NOT NULL DEFAULT GETDATE(),
          PRIMARY KEY (target, batch)
        );
        CREATE OR REPLACE PROCEDURE \(procedure) (ae_before BIGINT, ae_number BIGINT, ae_expected BIGINT, ae_digest VARCHAR(64), ae_manifest VARCHAR(2048), ae_columns VARCHAR(65535), ae_deletes BOOLEAN)
        AS \(tag)
        DECLARE
          ae_last BIGINT;
          ae_others BIGINT;
          ae_earlier BIGINT;
          ae_found BIGINT;
        BEGIN
          LOCK \(table.loads);
          SELECT INTO ae_last, ae_others, ae_earlier COALESCE(MAX(batch), 0), COALESCE(SUM(CASE WHEN batch = ae_number AND sha256 <> ae_digest THEN 1 END), 0), COALESCE(SUM(CASE WHEN batch = ae_before THEN 1 END), 0)
          FROM \(table.loads) WHERE target = \(target);
          IF ae_others > 0 THEN
            RAISE EXCEPTION 'batch % of this table was loaded from another file', ae_number;
          END IF;
          IF ae_last >= ae_number THEN
            RAISE INFO 'batch %: loaded before', ae_number;
            RETURN;
          END IF;
          IF ae_before > 0 AND ae_earlier = 0 THEN
            RAISE EXCEPTION 'batch %: batch % is not in the table yet', ae_number, ae_before;
          END IF;
          DROP TABLE IF EXISTS athena_export_stage;
          CREATE TEMPORARY TABLE athena_export_stage (
        \(SQLQuoting.lines(plan.columns.map { "\(SQLQuoting.name($0.name)) \(stagedType($0))" }, indentation: 4))
          );
          EXECUTE 'COPY athena_export_stage (' || ae_columns || ') FROM ' || QUOTE_LITERAL(ae_manifest)
            || ' IAM_ROLE default MANIFEST GZIP \(copyOptions.escaping("'"))';
          SELECT INTO ae_found COUNT(*) FROM athena_export_stage;
          IF ae_found <> ae_expected THEN
            RAISE EXCEPTION 'batch %: the file holds % rows, the manifest says %', ae_number, ae_found, ae_expected;
          END IF;
        \(deletion)  IF NOT ae_deletes THEN
            INSERT INTO \(table.name) (\(table.list(plan.columns)))
            SELECT
        \(SQLQuoting.lines(plan.columns.map { expression($0) }, indentation: 6))
            FROM athena_export_stage;
          END IF;
          INSERT INTO \(table.loads) (target, batch, row_count, sha256) VALUES (\(target), ae_number, ae_expected, ae_digest);
          RAISE INFO 'batch %: loaded % rows', ae_number, ae_found;
        END;
        \(tag) LANGUAGE plpgsql;

        """
    }

    func load(_ batch: LoadPlan.Step) -> String {
        let manifest = SQLQuoting.escapedText("\(plan.location)/\(RedshiftManifest.path(batch))")
        let before = plan.predecessor(of: batch)?.sequence ?? 0
        let columns = SQLQuoting.escapedText(table.list(plan.columns(of: batch)))
        return
            "CALL \(procedure)(\(before), \(batch.sequence), \(batch.rows), '\(batch.sha256)', \(manifest), \(columns), \(batch.isDeletes));"
    }

    /// The dollar quote of the procedure's body, which no name in it contains.
    private var tag: String { SQLQuoting.dollarQuote(around: plan.columns.map(\.name) + [plan.targetName]) }

    private var copyOptions: String {
        switch plan.format {
        case .csv: "FORMAT CSV IGNOREHEADER 1 EMPTYASNULL DATEFORMAT 'auto' TIMEFORMAT 'auto'"
        case .ndjson: "FORMAT JSON 'auto ignorecase' DATEFORMAT 'auto' TIMEFORMAT 'auto'"
        }
    }

    /// Removes the rows that the staged ones take the place of.
    private var deletion: String {
        guard plan.writeMode == .upsert else { return "" }
        let conditions = plan.columns.filter(plan.isKey).map {
            "\(table.name).\(SQLQuoting.name($0.name)) = \(expression($0, in: "athena_export_stage."))"
        }
        return "  DELETE FROM \(table.name) USING athena_export_stage WHERE \(conditions.joined(separator: " AND "));\n"
    }

    /// Redshift has no ADD COLUMN IF NOT EXISTS. Names there are the same whatever their case ("SVV_COLUMNS", "Names and
    /// identifiers").
    var additions: String {
        guard !plan.laterColumns.isEmpty else { return "" }
        let add = table.qualified(SQLQuoting.name("athena_export_add_\(plan.target.table)"))
        let schema = plan.target.schema.map { "LOWER(\(SQLQuoting.escapedText($0)))" } ?? "LOWER(CURRENT_SCHEMA())"
        let steps = plan.laterColumns.map { column in
            """
              SELECT INTO ae_found COUNT(*) FROM svv_columns
              WHERE LOWER(table_schema) = \(schema) AND LOWER(table_name) = LOWER(\(SQLQuoting.escapedText(plan.target.table)))
                AND LOWER(column_name) = LOWER(\(SQLQuoting.escapedText(column.name)));
              IF ae_found = 0 THEN
                EXECUTE \(SQLQuoting.escapedText("ALTER TABLE \(table.name) ADD COLUMN \(table.definition(column))"));
              END IF;

            """
        }.joined()
        return """
            -- Columns that came after the table was made.
            CREATE OR REPLACE PROCEDURE \(add) ()
            AS \(tag)
            DECLARE
              ae_found BIGINT;
            BEGIN
            \(steps)END;
            \(tag) LANGUAGE plpgsql;
            CALL \(add)();

            """
    }

    /// A staged value as the table has it.
    private func expression(_ column: Column, in stage: String = "") -> String {
        let name = stage + SQLQuoting.name(column.name)
        return column.type == .binary ? "FROM_HEX(REPLACE(\(name), ' ', ''))" : name
    }

    private func stagedType(_ column: Column) -> String {
        column.type == .binary ? "VARCHAR(65535)" : table.type(column)
    }

    private static func type(_ column: Column, isKey: Bool) -> String {
        switch column.type {
        case .string, .json: "VARCHAR(65535)"
        case .boolean: "BOOLEAN"
        case .short: "SMALLINT"
        case .int: "INTEGER"
        case .long: "BIGINT"
        case .float: "REAL"
        case .double: "DOUBLE PRECISION"
        case .decimal:
            column.decimalDigits(atMost: 38).map { "DECIMAL(\($0.precision), \($0.scale))" } ?? "VARCHAR(65535)"
        case .naiveDate: "DATE"
        case .naiveDateTime: "TIMESTAMP"
        case .utcDateTime: "TIMESTAMPTZ"
        case .binary: "VARBYTE(65535)"
        }
    }
}
