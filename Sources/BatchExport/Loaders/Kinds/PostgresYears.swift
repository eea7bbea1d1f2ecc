/// PostgreSQL's spelling of years that Athena prints with a sign, or as 0000.
///
/// Source: PostgreSQL 15, "Date/Time Types": from 4713 BC to the year 5874897 for dates, 294276 for times.
struct PostgresYears {
    private let columns: [Column]
    private let format: FileFormat
    /// The dollar quote of a body that contains the columns' names.
    private let quote: String

    /// - Parameter columns: of a batch's file.
    init(_ columns: [Column], _ format: FileFormat) {
        self.columns = columns.filter(\.hasYears)
        self.format = format
        quote = SQLQuoting.dollarQuote(around: self.columns.map(\.name))
    }

    /// An expression for a date or time in PostgreSQL's spelling: no plus sign, and BC behind it for years before 1.
    /// ISO 8601 has a year 0, which is 1 BC.
    static func respelled(_ value: String) -> String {
        """
        case when \(value) like '+%' then substr(\(value), 2)
              when \(value) like '-%' then lpad((split_part(\(value), '-', 2)::int + 1)::text, 4, '0')
                || substr(\(value), strpos(substr(\(value), 2), '-') + 1) || ' BC'
              when \(value) like '0000-%' then '0001' || substr(\(value), 5) || ' BC'
              else \(value) end
        """
    }

    /// Statements that end the script if a column has a year that PostgreSQL does not have, and name the column.
    ///
    /// - Parameter source: the query that gives the rows, as `r`.
    func checks(of batch: LoadPlan.Step, in source: String) -> String {
        guard !columns.isEmpty else { return "" }
        let outcomes = columns.indices.map { "coalesce(bool_or(\(isOutside(columns[$0]))), false) as \(variable($0))" }
        // Few lines hold such a year, and only those are parsed.
        let filter = format == .ndjson ? "\nwhere s.line like '%:\"-%' or s.line like '%:\"+%'" : ""
        let stops = columns.indices.map { index in
            """
            \\if :\(variable(index))
            do \(quote) begin
              raise exception using message = \(SQLQuoting.anyText(problem(columns[index], batch)));
            end \(quote);
            \\endif
            """
        }
        return "select\n\(SQLQuoting.lines(outcomes))\n\(source)\(filter) \\gset\n\(stops.joined(separator: "\n"))\n"
    }

    private func variable(_ index: Int) -> String { "athena_export_outside_\(index)" }

    private func lastYear(_ column: Column) -> Int { column.type == .naiveDate ? 5_874_897 : 294_276 }

    private func isOutside(_ column: Column) -> String {
        let value = "r.\(SQLQuoting.name(column.name))"
        return """
            case left(\(value), 1)
                when '-' then substring(\(value) from '^-([0-9]+)')::numeric > 4712
                when '+' then substring(\(value) from '^[+]([0-9]+)')::numeric > \(lastYear(column)) end
            """
    }

    private func problem(_ column: Column, _ batch: LoadPlan.Step) -> String {
        SignedYear.problem(
            batch: batch.sequence, column: column, years: "before 4713 BC or after \(lastYear(column))",
            target: "PostgreSQL")
    }
}
