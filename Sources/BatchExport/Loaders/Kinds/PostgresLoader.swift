/// A script for psql, and PostgreSQL 15 or later.
///
/// The files are read on psql's side, so the server need not see them and the role need not be a superuser.
struct PostgresLoader: Loader {
    func text(for plan: LoadPlan) throws(ExportError) -> String {
        for name in plan.columns.map(\.name) + plan.target.names {
            // PostgreSQL would cut it off with only a notice.
            guard name.utf8.count <= 63 else {
                throw .schema("\(name) is longer than the 63 bytes of a name in PostgreSQL; rename it")
            }
        }
        let script = PostgresScript(plan)
        return ([script.opening] + plan.batches.map { script.load($0) } + [script.closing]).joined(separator: "\n")
    }
}

/// The parts of the script for one plan.
private struct PostgresScript {
    let plan: LoadPlan
    let table: TargetTable

    init(_ plan: LoadPlan) {
        self.plan = plan
        table = TargetTable(plan: plan) { Self.type($0, isKey: plan.isKey($0)) }
    }

    var opening: String {
        """
        -- Loads \(plan.summary) of an export into PostgreSQL 15 or later:
        --     athena-export loader postgres DIR | psql -X "dbname=…"
        -- Needs gzip, sed and sha256sum beside psql. A batch that the table has is passed over.
        \\set ON_ERROR_STOP on
        \\set AUTOCOMMIT on
        \\set QUIET on
        \\encoding UTF8
        set client_min_messages = warning;
        set standard_conforming_strings = on;
        set datestyle = 'ISO, YMD';
        select \(SQLQuoting.anyText(plan.location)) as athena_export_location \\gset
        \\setenv ATHENA_EXPORT_LOCATION :athena_export_location

        create table if not exists \(table.name) (
        \(table.definitions())
        );
        create table if not exists \(table.loads) (
          target text,
          batch bigint,
          rows bigint not null,
          sha256 text not null,
          loaded_at timestamptz not null default now(),
          primary key (target, batch)
        );
        \(additions)
        """
    }

    /// Asked first, because ALTER TABLE waits for all who read the table, even where there is nothing to add.
    private var additions: String {
        plan.laterColumns.map { column in
            """
            select not exists (
              select from pg_attribute where attrelid = \(SQLQuoting.anyText(table.name))::regclass
                and attname = \(SQLQuoting.anyText(column.name)) and not attisdropped
            ) as athena_export_is_missing \\gset
            \\if :athena_export_is_missing
            alter table \(table.name) add column if not exists \(table.definition(column));
            \\endif

            """
        }.joined()
    }

    var closing: String {
        """
        \\pset tuples_only on
        \\pset format unaligned
        select format('%s batches with %s rows are loaded, the last one is %s', count(*), coalesce(sum(rows), 0), max(batch))
        from \(table.loads) where target = \(SQLQuoting.anyText(plan.targetName));

        """
    }

    /// One transaction. Its first queries run under the lock, so of two loads at once, one waits for the other.
    func load(_ batch: LoadPlan.Step) -> String {
        let columns = plan.columns(of: batch)
        let source = source(columns)
        let years = PostgresYears(columns, plan.format)
        return """
            begin;
            lock table \(table.loads) in share row exclusive mode;
            select coalesce(max(batch), 0) < \(batch.sequence) as athena_export_is_due,
              count(*) filter (where batch = \(batch.sequence) and sha256 <> '\(batch.sha256)') > 0 as athena_export_differs
            from \(table.loads) where target = \(SQLQuoting.anyText(plan.targetName)) \\gset
            \\if :athena_export_differs
            \(raise("batch \(batch.sequence) of this table was loaded from another file; load into another --table"))
            \\elif :athena_export_is_due
            create temporary table athena_export_stage (
            \(SQLQuoting.lines(stage(columns)))
            ) on commit drop;
            \\copy pg_temp.athena_export_stage from program '\(program(batch).escaping("'"))' with (\(copyOptions))
            do $athena_export$ begin
              if (select count(*) from pg_temp.athena_export_stage) <> \(batch.rows) then
                raise exception 'batch \(batch.sequence): the file does not hold the \(batch.rows) rows that the manifest names';
              end if;
            end $athena_export$;
            \(years.checks(of: batch, in: source))\(application(of: batch, columns, source))
            insert into \(table.loads) (target, batch, rows, sha256)
              values (\(SQLQuoting.anyText(plan.targetName)), \(batch.sequence), \(batch.rows), '\(batch.sha256)');
            commit;
            \\echo '\(batch.outcome)'
            \\else
            commit;
            \\echo 'batch \(batch.sequence): loaded before'
            \\endif

            """
    }

    private func application(of batch: LoadPlan.Step, _ columns: [Column], _ source: String) -> String {
        let expressions = columns.map { expression($0) }
        guard !batch.isDeletes else { return table.deletion(expressions, from: source) }
        return """
            insert into \(table.name) (\(table.list(columns)))
            select
            \(SQLQuoting.lines(expressions))
            \(source)\(table.onConflict(columns));
            """
    }

    private func raise(_ problem: String) -> String {
        "do $athena_export$ begin raise exception '\(problem)'; end $athena_export$;"
    }

    /// The shell command that psql runs. The table's name in the path needs no quotes.
    private func program(_ batch: LoadPlan.Step) -> String {
        let open = #"f="$ATHENA_EXPORT_LOCATION/\#(batch.path)"; export LC_ALL=C; "#
        let check =
            #"if [ "$(sha256sum <"$f")" != "\#(batch.sha256)  -" ]; then "#
            + "echo \"batch \(batch.sequence): the file's SHA-256 is not the manifest's\" >&2; exit 1; fi; "
        switch plan.format {
        case .ndjson: return open + check + #"gzip -dc <"$f""#
        case .csv:
            // psql takes a line \. for the end of the data, even between quotes: such lines get a U+0001 in front,
            // and so do those that have one already.
            let mark = #"m=$(printf "\001"); r=$(printf "\015"); "#
            return open + check + mark + #"gzip -dc <"$f" | sed "s/^$m*[\\][.]$r*\$/$m&/""#
        }
    }

    private var copyOptions: String {
        switch plan.format {
        case .csv: "format csv, header match"
        // One column a line: no JSON text has these characters bare.
        case .ndjson: #"format csv, quote E'\x01', delimiter E'\x02'"#
        }
    }

    private func stage(_ columns: [Column]) -> [String] {
        switch plan.format {
        case .csv: fields(columns)
        case .ndjson: ["line text"]
        }
    }

    /// Texts that need a conversion are read as they stand in the file.
    private func fields(_ columns: [Column]) -> [String] {
        columns.map {
            "\(SQLQuoting.name($0.name)) \($0.type == .binary || $0.hasYears ? "text" : table.type($0))"
        }
    }

    /// The query that gives the file's rows, as `r`.
    private func source(_ columns: [Column]) -> String {
        switch plan.format {
        case .csv: "from pg_temp.athena_export_stage r"
        case .ndjson:
            """
            from pg_temp.athena_export_stage s, json_to_record(s.line::json) as r (
            \(SQLQuoting.lines(fields(columns)))
            )
            """
        }
    }

    private func expression(_ column: Column) -> String {
        let value = "r.\(SQLQuoting.name(column.name))"
        switch (column.type, plan.format) {
        case (.binary, _): return "decode(replace(\(value), ' ', ''), 'hex')"
        case (.naiveDate, _), (.naiveDateTime, _), (.utcDateTime, _):
            return "cast(\(PostgresYears.respelled(value)) as \(table.type(column)))"
        case (.string, .csv):
            return #"""
                case when strpos(\#(value), E'\x01') = 0 then \#(value)
                    else regexp_replace(\#(value), E'\n\x01(\x01*\\\\[.]\r*)(?=\n)', E'\n\\1', 'g') end
                """#
        default: return value
        }
    }

    private static func type(_ column: Column, isKey: Bool) -> String {
        switch column.type {
        case .string: "text"
        case .boolean: "boolean"
        case .short: "smallint"
        case .int: "integer"
        case .long: "bigint"
        case .float: "real"
        case .double: "double precision"
        case .decimal: column.decimalDigits(atMost: 1000).map { "numeric(\($0.precision), \($0.scale))" } ?? "numeric"
        case .naiveDate: "date"
        case .naiveDateTime: "timestamp"
        case .utcDateTime: "timestamptz"
        case .binary: "bytea"
        // `json` keeps the text as it is, but cannot be compared, which a key must be.
        case .json: isKey ? "text" : "json"
        }
    }
}
