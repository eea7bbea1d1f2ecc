/// A script for Snowflake: a block of Snowflake Scripting for each batch, so that it can branch and fail.
///
/// Written after Snowflake's documents ("CREATE FILE FORMAT", "COPY INTO <table>", "MERGE", "Snowflake Scripting").
struct SnowflakeLoader: Loader {
    func text(for plan: LoadPlan) throws(ExportError) -> String {
        let script = SnowflakeScript(plan)
        return ([script.opening] + plan.batches.map { script.load($0) }).joined(separator: "\n")
    }
}

private struct SnowflakeScript {
    let plan: LoadPlan
    let table: TargetTable
    let stage: String
    let target: String

    init(_ plan: LoadPlan) {
        self.plan = plan
        table = TargetTable(plan: plan) { Self.type($0, isKey: plan.isKey($0)) }
        stage = table.qualified(SQLQuoting.name("athena_export_\(plan.target.table)"))
        target = SQLQuoting.escapedText(plan.targetName)
    }

    var opening: String {
        """
        -- Loads \(plan.summary) of an export into Snowflake. A batch that the table has is passed over.
        -- The stage needs leave to read: add STORAGE_INTEGRATION = … here, or make it yourself beforehand.
        -- A stage that is there keeps its URL. If the files have moved: ALTER STAGE \(stage) SET URL = …;
        CREATE STAGE IF NOT EXISTS \(stage) URL = \(SQLQuoting.escapedText(url));
        CREATE TABLE IF NOT EXISTS \(table.name) (
        \(table.definitions())
        );
        CREATE TABLE IF NOT EXISTS \(table.loads) (
          target VARCHAR NOT NULL,
          batch NUMBER(18, 0) NOT NULL,
          row_count NUMBER(18, 0) NOT NULL,
          sha256 VARCHAR(64) NOT NULL,
          loaded_at TIMESTAMP_TZ NOT NULL DEFAULT CURRENT_TIMESTAMP(),
          PRIMARY KEY (target, batch)
        );
        CREATE OR REPLACE TEMPORARY TABLE athena_export_stage (
        \(SQLQuoting.lines(staged))
        );
        \(table.additions)
        """
    }

    /// One transaction. The stage table is made outside of it, since CREATE commits.
    func load(_ batch: LoadPlan.Step) -> String {
        let number = batch.sequence
        let columns = plan.columns(of: batch)
        let before = plan.predecessor(of: batch)?.sequence ?? 0
        let body = """
            DECLARE
              other_file EXCEPTION (-20001, 'batch \(number) of this table was loaded from another file');
              other_rows EXCEPTION (-20002, 'batch \(number): the file does not hold the \(batch.rows) rows that the manifest names');
              no_predecessor EXCEPTION (-20003, 'batch \(number): batch \(before) is not in the table yet');
            \(yearProblems(of: batch))\
              last NUMBER;
              others NUMBER;
              earlier NUMBER;
              found NUMBER;
            BEGIN
              BEGIN TRANSACTION;
              SELECT COALESCE(MAX(batch), 0), COUNT_IF(batch = \(number) AND sha256 <> '\(batch.sha256)'), COUNT_IF(batch = \(before))
              INTO :last, :others, :earlier FROM \(table.loads) WHERE target = \(target);
              IF (others > 0) THEN
                RAISE other_file;
              END IF;
              IF (last >= \(number)) THEN
                COMMIT;
                RETURN 'batch \(number): loaded before';
              END IF;
              IF (\(before) > 0 AND earlier = 0) THEN
                RAISE no_predecessor;
              END IF;
              DELETE FROM athena_export_stage;
              COPY INTO athena_export_stage\(source(columns)) FILES = (\(SQLQuoting.escapedText(batch.path)))
                FILE_FORMAT = (\(fileFormat)) ON_ERROR = ABORT_STATEMENT FORCE = TRUE;
              SELECT COUNT(*) INTO :found FROM athena_export_stage;
              IF (found <> \(batch.rows)) THEN
                RAISE other_rows;
              END IF;
            \(yearChecks(columns))\
            \(table.merge("MERGE INTO", columns, columns.map { expression($0) }, isDeletes: batch.isDeletes))
              INSERT INTO \(table.loads) (target, batch, row_count, sha256)
                VALUES (\(target), \(number), \(batch.rows), '\(batch.sha256)');
              COMMIT;
              RETURN '\(batch.outcome)';
            EXCEPTION
              WHEN OTHER THEN
                ROLLBACK;
                RAISE;
            END
            """
        return
            "EXECUTE IMMEDIATE \(body.utf8.contains("$$".utf8) ? SQLQuoting.escapedText(body) : "$$\n\(body)\n$$");\n"
    }

    /// Snowflake's own name for Google's scheme.
    private var url: String {
        (plan.location.hasPrefix("gs://") ? "gcs://" + plan.location.dropFirst(5) : plan.location) + "/"
    }

    /// By default, Snowflake resolves backslashes in bare fields and makes NULL of the text `\N`.
    private var fileFormat: String {
        switch plan.format {
        case .csv:
            #"TYPE = CSV COMPRESSION = GZIP SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE = NONE "#
                + "ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = TRUE ENCODING = 'UTF8'"
        case .ndjson: "TYPE = JSON COMPRESSION = GZIP"
        }
    }

    /// COPY wants as many fields as the table has columns, unless it is told which ones there are.
    private func source(_ columns: [Column]) -> String {
        guard plan.format == .csv, columns != plan.columns else { return " FROM @\(stage)" }
        let fields = columns.indices.map { "$\($0 + 1)" }
        return " (\(table.list(columns))) FROM (SELECT \(SQLQuoting.list(fields)) FROM @\(stage))"
    }

    private var staged: [String] {
        switch plan.format {
        case .csv: plan.columns.map { "\(SQLQuoting.name($0.name)) VARCHAR" }
        case .ndjson: ["line VARIANT"]
        }
    }

    /// Columns whose type has the years from 1 to 9999 only.
    private func dated(_ columns: [Column]) -> [Column] {
        columns.filter { $0.hasYears && $0.type != .utcDateTime }
    }

    private func yearProblems(of batch: LoadPlan.Step) -> String {
        dated(plan.columns(of: batch)).enumerated().map { index, column in
            let problem = SignedYear.problem(batch: batch.sequence, column: column, target: "Snowflake")
            return "  other_years_\(index) EXCEPTION (\(-20100 - index), \(SQLQuoting.escapedText(problem)));\n"
        }.joined()
    }

    private func yearChecks(_ columns: [Column]) -> String {
        dated(columns).enumerated().map { index, column in
            """
              SELECT COUNT_IF(\(SignedYear.begins(text(of: column)))) INTO :found FROM athena_export_stage;
              IF (found > 0) THEN
                RAISE other_years_\(index);
              END IF;

            """
        }.joined()
    }

    /// Athena's text, as it is staged.
    private func text(of column: Column) -> String {
        plan.format == .csv ? SQLQuoting.name(column.name) : "\(field(of: column))::VARCHAR"
    }

    private func field(of column: Column) -> String { "GET(line, \(SQLQuoting.escapedText(column.name)))" }

    private func expression(_ column: Column) -> String {
        let name = SQLQuoting.name(column.name)
        let field = field(of: column)
        let text = text(of: column)
        return switch column.type {
        case .string: "\(text) AS \(name)"
        case .binary: "TO_BINARY(REPLACE(\(text), ' ', ''), 'HEX') AS \(name)"
        // In a VARIANT, the null of JSON is not NULL.
        case .json where !plan.isKey(column):
            "\(plan.format == .csv ? "PARSE_JSON(\(name))" : "STRIP_NULL_VALUE(\(field))") AS \(name)"
        default: "\(text)::\(table.type(column)) AS \(name)"
        }
    }

    private static func type(_ column: Column, isKey: Bool) -> String {
        switch column.type {
        // Snowflake does not read the names of time zones, in which Athena writes these.
        case .string, .utcDateTime: "VARCHAR"
        case .boolean: "BOOLEAN"
        case .short: "NUMBER(5, 0)"
        case .int: "NUMBER(10, 0)"
        case .long: "NUMBER(19, 0)"
        case .float, .double: "FLOAT"
        case .decimal:
            column.decimalDigits(atMost: 38).map { "NUMBER(\($0.precision), \($0.scale))" } ?? "VARCHAR"
        case .naiveDate: "DATE"
        case .naiveDateTime: "TIMESTAMP_NTZ"
        case .binary: "BINARY"
        case .json: isKey ? "VARCHAR" : "VARIANT"
        }
    }
}
