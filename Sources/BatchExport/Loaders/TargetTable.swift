/// What dialects write alike of the table that is loaded, given how one of them quotes names and calls types.
struct TargetTable {
    let plan: LoadPlan
    var quote = SQLQuoting.name
    let type: (Column) -> String

    var name: String { qualified(quote(plan.target.table)) }

    /// The small table that notes which batches a table has.
    var loads: String { qualified("athena_export_loads") }

    /// Something that lies in the table's schema.
    func qualified(_ quoted: String) -> String { plan.target.schema.map { "\(quote($0)).\(quoted)" } ?? quoted }

    /// Names of columns, between commas.
    func list(_ columns: [Column]) -> String { columns.map { quote($0.name) }.joined(separator: ", ") }

    private var key: String { plan.primaryKey.map(quote).joined(separator: ", ") }

    /// What stands between the parentheses of CREATE TABLE.
    ///
    /// - Parameter keyConstraint: what follows the key; nil if the target takes no such key.
    func definitions(keyConstraint: String? = "") -> String {
        let columns = plan.columns.map { "\(definition($0))\(plan.isKey($0) ? " NOT NULL" : "")" }
        let constraints = plan.writeMode == .append ? [] : keyConstraint.map { ["PRIMARY KEY (\(key))\($0)"] } ?? []
        return SQLQuoting.lines(columns + constraints)
    }

    /// A column's name and type.
    func definition(_ column: Column) -> String { "\(quote(column.name)) \(type(column))" }

    /// Statements for targets that can be told to add only what is missing: of a table that was made for earlier batches.
    var additions: String {
        plan.laterColumns.map { "ALTER TABLE \(name) ADD COLUMN IF NOT EXISTS \(definition($0));\n" }.joined()
    }

    /// The statement that deletes the rows of staged keys.
    ///
    /// - Parameters:
    ///   - expressions: one for each column of the key, in the key's order.
    ///   - source: the FROM clause of the staged keys.
    func deletion(_ expressions: [String], from source: String) -> String {
        let keys = zip(expressions, plan.primaryKey).map { "\($0) AS \(quote($1))" }
        return """
            DELETE FROM \(name) AS t USING (
            SELECT
            \(SQLQuoting.lines(keys))
            \(source)
            ) AS s WHERE \(condition);
            """
    }

    /// The end of an INSERT, that updates the rows whose keys are there; without a key there is nothing to say.
    ///
    /// - Parameter columns: that the file has. Others stay as they are.
    func onConflict(_ columns: [Column]) -> String {
        guard plan.writeMode == .upsert else { return "" }
        let values = values(of: columns)
        let assignments = SQLQuoting.lines(assignments(to: values, from: "excluded"))
        return "\nON CONFLICT (\(key)) DO \(values.isEmpty ? "NOTHING" : "UPDATE SET\n\(assignments)")"
    }

    /// What brings the staged rows into the table, for targets with MERGE.
    ///
    /// - Parameters:
    ///   - keyword: of the statement that updates.
    ///   - columns: that the file has. Others stay as they are.
    ///   - expressions: one for each, called as the column is.
    ///   - isDeletes: whether the staged rows are keys to delete.
    func merge(_ keyword: String, _ columns: [Column], _ expressions: [String], isDeletes: Bool) -> String {
        let rows = """
                SELECT
            \(SQLQuoting.lines(expressions, indentation: 6))
                FROM athena_export_stage
            """
        guard plan.writeMode == .upsert else { return "  INSERT INTO \(name) (\(list(columns)))\n\(rows);" }
        let values = values(of: columns)
        let assignments = SQLQuoting.lines(assignments(to: values, from: "s"), indentation: 4)
        guard !isDeletes else {
            return """
                  \(keyword) \(name) t USING (
                \(rows)
                  ) s ON \(condition)
                  WHEN MATCHED THEN DELETE;
                """
        }
        let update = values.isEmpty ? "" : "WHEN MATCHED THEN UPDATE SET\n\(assignments)\n  "
        return """
              \(keyword) \(name) t USING (
            \(rows)
              ) s ON \(condition)
              \(update)WHEN NOT MATCHED THEN INSERT (\(list(columns)))
                VALUES (\(columns.map { "s.\(quote($0.name))" }.joined(separator: ", ")));
            """
    }

    private var condition: String {
        plan.primaryKey.map { "t.\(quote($0)) = s.\(quote($0))" }.joined(separator: " AND ")
    }

    private func values(of columns: [Column]) -> [Column] { columns.filter { !plan.isKey($0) } }

    private func assignments(to values: [Column], from row: String) -> [String] {
        values.map { "\(quote($0.name)) = \(row).\(quote($0.name))" }
    }
}
