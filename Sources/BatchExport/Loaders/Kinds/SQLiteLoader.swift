import Text

/// A script for sh that drives the sqlite3 shell, which by itself can neither branch nor see that its pipe has failed.
struct SQLiteLoader: Loader {
    func text(for plan: LoadPlan) throws(ExportError) -> String {
        try plan.refuseCRLF(for: "SQLite")
        let script = SQLiteScript(plan)
        return ([script.opening] + plan.batches.map { script.load($0) } + [script.closing]).joined(separator: "\n")
    }
}

private struct SQLiteScript {
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
        #!/bin/sh
        # Loads \(plan.summary) of an export into SQLite 3.38 or later:
        #     athena-export loader sqlite DIR | sh -s warehouse.db
        # Needs sqlite3, gzip, sha256sum and awk. A batch that the table has is passed over.
        set -eu
        export LC_ALL=C
        database=${1:?'say which database: sh -s FILE'}
        case $database in -*) database=./$database ;; esac
        ATHENA_EXPORT_LOCATION=\(Shell.quoted(plan.location))

        sql() { sqlite3 -batch -bail -init /dev/null -cmd '.timeout 60000' "$database"; }
        fail() { printf 'athena-export: error: %s\\n' "$1" >&2; exit 1; }

        \(nullMarking)
        \(Shell.document(schema, to: "sql"))
        \(additions)# Every batch that the table has, as 'number:digest', between blanks.
        loaded=" $(\(Shell.document(listing, to: "sql", then: " | tr '\\n' ' '")))"
        last=${loaded% }
        last=${last##* }
        last=${last%%:*}

        \(transactions)
        # load NUMBER ROWS SHA256 PATH TRANSACTION: one batch in one transaction.
        load() {
            case $loaded in
            *" $1:$3 "*) ;;
            *" $1:"*) fail "batch $1 of this table was loaded from another file; load into another --table" ;;
            esac
            if [ "$1" -le "${last:-0}" ]; then
                echo "batch $1: loaded before"
                return
            fi
            export ATHENA_EXPORT_FILE="$ATHENA_EXPORT_LOCATION/$4"
            [ "$(sha256sum <"$ATHENA_EXPORT_FILE")" = "$3  -" ] || fail "batch $1: the file's SHA-256 is not the manifest's"
            {
                printf '.parameter set @batch %s\\n.parameter set @rows %s\\n' "$1" "$2"
                printf '.parameter set @sha256 "'"'%s'"'"\\n' "$3"
                "$5"
            } | sql
            case $5 in
            delete_keys) echo "batch $1: deleted $2 rows" ;;
            *) echo "batch $1: loaded $2 rows" ;;
            esac
        }

        """
    }

    func load(_ batch: LoadPlan.Step) -> String {
        "load \(batch.sequence) \(batch.rows) \(batch.sha256) \(Shell.quoted(batch.path)) "
            + Self.function(of: batch, plan.columns(of: batch))
    }

    var closing: String {
        Shell.document(
            """
            SELECT count(*) || ' batches with ' || coalesce(sum(rows), 0) || ' rows are loaded, the last one is '
              || coalesce(max(batch), 0)
            FROM athena_export_loads WHERE target = \(target);
            """, to: "sql")
    }

    private var schema: String {
        """
        CREATE TABLE IF NOT EXISTS \(table.name) (
        \(table.definitions())
        );
        CREATE TABLE IF NOT EXISTS athena_export_loads (
          target TEXT NOT NULL,
          batch INTEGER NOT NULL,
          rows INTEGER NOT NULL,
          sha256 TEXT NOT NULL,
          loaded_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
          PRIMARY KEY (target, batch)
        );
        """
    }

    private var listing: String {
        "SELECT batch || ':' || sha256 FROM athena_export_loads WHERE target = \(target) ORDER BY batch;"
    }

    /// SQLite has no ADD COLUMN IF NOT EXISTS. The second attempt is for two loads at once.
    private var additions: String {
        guard !plan.laterColumns.isEmpty else { return "" }
        let statements = plan.laterColumns.map { column in
            let statement = "ALTER TABLE \(table.name) ADD COLUMN \(table.definition(column));"
            return """
                SELECT \(SQLQuoting.text(statement)) WHERE NOT EXISTS (
                  SELECT 1 FROM pragma_table_info(\(SQLQuoting.text(plan.target.table)))
                  WHERE name = \(SQLQuoting.text(column.name)) COLLATE NOCASE
                );
                """
        }
        return """
            # Columns that came after the table was made.
            add() {
                \(Shell.document(statements.joined(separator: "\n"), to: "sql", then: " | sql"))
            }
            add 2>/dev/null || add

            """
    }

    /// A function for each number of columns that files have, and one for deletes.
    private var transactions: String {
        var seen: Set<String> = []
        return plan.batches.compactMap { batch in
            let columns = plan.columns(of: batch)
            let name = Self.function(of: batch, columns)
            guard seen.insert(name).inserted else { return nil }
            return """
                \(name)() {
                    \(Shell.document(transaction(columns, isDeletes: batch.isDeletes), to: "cat"))
                }

                """
        }.joined()
    }

    private static func function(of batch: LoadPlan.Step, _ columns: [Column]) -> String {
        batch.isDeletes ? "delete_keys" : "load_\(columns.count)_columns"
    }

    /// SQLite raises a custom error only by a constraint, whose name it prints.
    private func transaction(_ columns: [Column], isDeletes: Bool) -> String {
        """
        BEGIN IMMEDIATE;
        CREATE TEMPORARY TABLE athena_export_check (
          is_next CONSTRAINT "another load has been at work on this table; start again" CHECK (is_next),
          is_whole CONSTRAINT "the file does not hold the rows that the manifest names" CHECK (is_whole)
        );
        CREATE TEMPORARY TABLE athena_export_stage (\(SQLQuoting.list(stage(columns))));
        \(importing)
        INSERT INTO athena_export_check
        SELECT (SELECT coalesce(max(batch), 0) < @batch FROM athena_export_loads WHERE target = \(target)),
          (SELECT count(*) = @rows FROM athena_export_stage);
        \(application(of: columns, isDeletes: isDeletes))
        INSERT INTO athena_export_loads (target, batch, rows, sha256) VALUES (\(target), @batch, @rows, @sha256);
        COMMIT;
        """
    }

    private func application(of columns: [Column], isDeletes: Bool) -> String {
        let expressions = SQLQuoting.lines(columns.enumerated().map { expression($1, at: $0) })
        guard !isDeletes else {
            return """
                DELETE FROM \(table.name) WHERE (\(table.list(columns))) IN (
                SELECT
                \(expressions)
                FROM athena_export_stage);
                """
        }
        return """
            INSERT INTO \(table.name) (\(table.list(columns)))
            SELECT
            \(expressions)
            FROM athena_export_stage WHERE true\(table.onConflict(columns));
            """
    }

    // MARK: - The file

    private func stage(_ columns: [Column]) -> [String] {
        plan.format == .csv ? columns.indices.map { "c\($0)" } : ["line"]
    }

    private var importing: String {
        switch plan.format {
        case .csv:
            #"""
            .import --csv --skip 1 --schema temp '|gzip -dc <"$ATHENA_EXPORT_FILE" | awk "$ATHENA_EXPORT_MARK_NULLS"' athena_export_stage
            """#
        // One column a line: no JSON text has these characters bare.
        case .ndjson:
            #"""
            .mode ascii
            .separator "\037" "\n"
            .import --schema temp '|gzip -dc <"$ATHENA_EXPORT_FILE"' athena_export_stage
            """#
        }
    }

    /// To `.import`, a NULL and an empty string are the same. This puts U+0001 where a field is empty and bare, and
    /// adds another one to each in the data, so that a single one means NULL and nothing else.
    private var nullMarking: String {
        guard plan.format == .csv else { return "" }
        return #"""
            export ATHENA_EXPORT_MARK_NULLS='
            {
                gsub(/\001/, "\001\001")
                count = split($0, part, "\"")
                for (i = 1; i <= count; i++) {
                    if (i > 1) { printf "\""; quoted = !quoted }
                    if (!quoted) {
                        gsub(/,,/, ",\001,", part[i])
                        gsub(/,,/, ",\001,", part[i])
                        if (i == 1) sub(/^,/, "\001,", part[i])
                        if (i == count) sub(/,$/, ",\001", part[i])
                    }
                    printf "%s", part[i]
                }
                printf "\n"
            }'

            """#
    }

    // MARK: - Columns

    /// - Parameter index: of the column in the file.
    private func expression(_ column: Column, at index: Int) -> String {
        let value = plan.format == .csv ? csvValue(index, column) : ndjsonValue(column)
        guard column.type == .boolean else { return value }
        return "CASE \(value) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE \(value) END"
    }

    private func csvValue(_ index: Int, _ column: Column) -> String {
        "CASE c\(index) WHEN char(1) THEN NULL ELSE replace(c\(index), char(1, 1), char(1)) END"
    }

    /// Versions differ in how a path quotes a name with a quote or backslash in it; `json_each` gives the names as such.
    private func ndjsonValue(_ column: Column) -> String {
        let isPlain = column.name.utf8.allSatisfy { $0 >= .space && $0 != .quote && $0 != .backslash }
        let path = SQLQuoting.text("$.\"\(column.name)\"")
        if isPlain {
            // `->` keeps JSON as it is, also numbers that SQLite cannot hold.
            return column.type == .json
                ? "CASE json_type(line, \(path)) WHEN 'null' THEN NULL ELSE line -> \(path) END"
                : "json_extract(line, \(path))"
        }
        let value =
            column.type == .json
            ? "CASE type WHEN 'null' THEN NULL WHEN 'true' THEN type WHEN 'false' THEN type "
                + "WHEN 'text' THEN json_quote(value) ELSE value END" : "value"
        return "(SELECT \(value) FROM json_each(line) WHERE key = \(SQLQuoting.text(column.name)))"
    }

    /// Decimals stay text: SQLite would make doubles of them. So do times, for which it has no type.
    private static func type(_ column: Column, isKey: Bool) -> String {
        switch column.type {
        case .boolean, .short, .int, .long: "INTEGER"
        case .float, .double: "REAL"
        case .string, .decimal, .naiveDate, .naiveDateTime, .utcDateTime, .binary, .json: "TEXT"
        }
    }
}
