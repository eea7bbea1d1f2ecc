import Text

/// A script in BigQuery's procedural language.
///
/// Written after Google's documents ("LOAD DATA statement", "Procedural language", "Multi-statement transactions",
/// "Loading CSV data"). LOAD DATA cannot stand in a transaction, so it fills a temporary table before one.
struct BigQueryLoader: Loader {
    func text(for plan: LoadPlan) throws(ExportError) -> String {
        for name in plan.columns.map(\.name) {
            // "Flexible column names", Google Cloud's "Specify column names".
            guard !name.unicodeScalars.contains(where: { "!\"$()*,./;?@[\\]^`{}~".unicodeScalars.contains($0) }),
                !name.hasASCIIControl
            else { throw .schema("BigQuery has no columns of the name \(name); rename it with AS in the query") }
        }
        let script = BigQueryScript(plan)
        return ([script.opening] + plan.batches.map { script.load($0) }).joined(separator: "\n")
    }
}

private struct BigQueryScript {
    let plan: LoadPlan
    let table: TargetTable
    let target: String

    init(_ plan: LoadPlan) {
        self.plan = plan
        table = TargetTable(plan: plan, quote: Self.name) { Self.type($0, isKey: plan.isKey($0)) }
        target = Self.text(plan.targetName)
    }

    var opening: String {
        """
        -- Loads \(plan.summary) of an export into BigQuery:
        --     athena-export loader bigquery DIR --url-prefix gs://… | bq query --nouse_legacy_sql
        -- A batch that the table has is passed over.
        CREATE TABLE IF NOT EXISTS \(table.name) (
        \(table.definitions(keyConstraint: keyConstraint))
        );
        CREATE TABLE IF NOT EXISTS \(table.loads) (
          target STRING NOT NULL,
          batch INT64 NOT NULL,
          row_count INT64 NOT NULL,
          sha256 STRING NOT NULL,
          loaded_at TIMESTAMP NOT NULL
        );
        \(table.additions)
        """
    }

    /// Nil for a key with a column of a type that BigQuery takes for no key ("Primary keys and foreign keys").
    private var keyConstraint: String? {
        let types = plan.columns.filter(plan.isKey).map(table.type)
        return types.contains("FLOAT64") || types.contains("BYTES") ? nil : " NOT ENFORCED"
    }

    func load(_ batch: LoadPlan.Step) -> String {
        let number = batch.sequence
        let columns = plan.columns(of: batch)
        return """
            ASSERT (SELECT COUNTIF(batch = \(number) AND sha256 <> '\(batch.sha256)') FROM \(table.loads) WHERE target = \(target)) = 0
              AS 'batch \(number) of this table was loaded from another file';
            IF (SELECT COALESCE(MAX(batch), 0) < \(number) FROM \(table.loads) WHERE target = \(target)) THEN
              LOAD DATA OVERWRITE TEMP TABLE athena_export_stage (
            \(SQLQuoting.lines(columns.map { "\(Self.name($0.name)) \(stagedType($0))" }, indentation: 4))
              )
              FROM FILES (\(fileOptions), uris = [\(Self.text("\(plan.location)/\(batch.path)"))]);
              ASSERT (SELECT COUNT(*) FROM athena_export_stage) = \(batch.rows)
                AS 'batch \(number): the file does not hold the \(batch.rows) rows that the manifest names';
            \(yearChecks(of: batch))\
              BEGIN TRANSACTION;
            \(table.merge("MERGE", columns, columns.map { expression($0) }, isDeletes: batch.isDeletes))
              INSERT INTO \(table.loads) (target, batch, row_count, sha256, loaded_at)
                VALUES (\(target), \(number), \(batch.rows), '\(batch.sha256)', CURRENT_TIMESTAMP());
              COMMIT TRANSACTION;
              SELECT '\(batch.outcome)' AS result;
            ELSE
              SELECT 'batch \(number): loaded before' AS result;
            END IF;

            """
    }

    /// BigQuery has the years from 1 to 9999.
    private func yearChecks(of batch: LoadPlan.Step) -> String {
        plan.columns(of: batch).filter(\.hasYears).map { column in
            let problem = SignedYear.problem(batch: batch.sequence, column: column, target: "BigQuery")
            return """
                  ASSERT NOT EXISTS (SELECT 1 FROM athena_export_stage WHERE \(SignedYear.begins(Self.name(column.name))))
                    AS \(Self.text(problem));

                """
        }.joined()
    }

    private var fileOptions: String {
        switch plan.format {
        case .csv: "format = 'CSV', skip_leading_rows = 1, allow_quoted_newlines = true"
        case .ndjson: "format = 'JSON'"
        }
    }

    private func stagedType(_ column: Column) -> String {
        guard plan.format == .ndjson else { return "STRING" }
        switch column.type {
        case .boolean, .short, .int, .long, .float, .double: return table.type(column)
        case .json: return "JSON"
        default: return "STRING"
        }
    }

    private func expression(_ column: Column) -> String {
        let name = Self.name(column.name)
        return switch (column.type, plan.format) {
        case (.string, _): name
        case (.binary, _): "FROM_HEX(REPLACE(\(name), ' ', '')) AS \(name)"
        case (.json, .csv) where !plan.isKey(column):
            "PARSE_JSON(\(name), wide_number_mode => 'round') AS \(name)"
        case (.json, .ndjson): plan.isKey(column) ? "TO_JSON_STRING(\(name)) AS \(name)" : name
        // BigQuery reads the name of a zone after a blank, and an offset without one.
        case (.utcDateTime, _):
            #"CAST(REGEXP_REPLACE(\#(name), r' ([+-]\d\d:\d\d)$', r'\1') AS TIMESTAMP) AS \#(name)"#
        default: "CAST(\(name) AS \(castType(column))) AS \(name)"
        }
    }

    /// A cast takes no parameters.
    private func castType(_ column: Column) -> String { String(table.type(column).prefix { $0 != "(" }) }

    private static func type(_ column: Column, isKey: Bool) -> String {
        switch column.type {
        case .string: return "STRING"
        case .boolean: return "BOOL"
        case .short, .int, .long: return "INT64"
        case .float, .double: return "FLOAT64"
        case .decimal:
            guard let (precision, scale) = column.decimalDigits(atMost: 38) else { return "STRING" }
            let isNumeric = scale <= 9 && precision - scale <= 29
            return "\(isNumeric ? "NUMERIC" : "BIGNUMERIC")(\(precision), \(scale))"
        case .naiveDate: return "DATE"
        case .naiveDateTime: return "DATETIME"
        case .utcDateTime: return "TIMESTAMP"
        case .binary: return "BYTES"
        case .json: return isKey ? "STRING" : "JSON"
        }
    }

    /// Between backticks, a backslash begins an escape, as in texts.
    private static func name(_ name: String) -> String { "`\(escaped(name, quote: "`"))`" }

    private static func text(_ text: String) -> String { "'\(escaped(text, quote: "'"))'" }

    private static func escaped(_ text: String, quote: Unicode.Scalar) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\\", quote: escaped += "\\\(scalar)"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
