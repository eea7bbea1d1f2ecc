/// Statements about the loaded table that dialects share, given how a dialect quotes names and names types.
struct TargetTable {
    let plan: LoadPlan
    var quote = SQLQuoting.name
    let type: (Column) -> String

    var name: String { qualified(quote(plan.target.table)) }

    /// The small table that lists the batches that a table has.
    var loads: String { qualified("athena_export_loads") }

    /// A name in the table's schema.
    func qualified(_ quoted: String) -> String { plan.target.schema.map { "\(quote($0)).\(quoted)" } ?? quoted }

    var columns: String { list(plan.columns) }

    var key: String { plan.primaryKey.map(quote).joined(separator: ", ") }

    /// The text between the parentheses of CREATE TABLE.
    func definitions(keyConstraint: String = "") -> String {
        let columns = plan.columns.map { "\(quote($0.name)) \(type($0))\(plan.isKey($0) ? " NOT NULL" : "")" }
        return SQLQuoting.lines(columns + ["PRIMARY KEY (\(key))\(keyConstraint)"])
    }

    /// The end of an INSERT that updates the rows whose keys exist.
    var onConflict: String {
        let update = plan.values.isEmpty ? "NOTHING" : "UPDATE SET\n\(SQLQuoting.lines(assignments(from: "excluded")))"
        return "ON CONFLICT (\(key)) DO \(update)"
    }

    /// The end of a MERGE into `t` from `s`.
    var onMatch: String {
        let condition = plan.primaryKey.map { "t.\(quote($0)) = s.\(quote($0))" }.joined(separator: " AND ")
        let update = "WHEN MATCHED THEN UPDATE SET\n\(SQLQuoting.lines(assignments(from: "s"), indentation: 4))\n  "
        return """
            ON \(condition)
              \(plan.values.isEmpty ? "" : update)WHEN NOT MATCHED THEN INSERT (\(columns))
                VALUES (\(plan.columns.map { "s.\(quote($0.name))" }.joined(separator: ", ")))
            """
    }

    private func assignments(from row: String) -> [String] {
        plan.values.map { "\(quote($0.name)) = \(row).\(quote($0.name))" }
    }

    private func list(_ columns: [Column]) -> String { columns.map { quote($0.name) }.joined(separator: ", ") }
}
