import Athena
import Text

extension SettingsLookup {
    /// Checks a user's own statement, and the settings that it requires, before it is sent and paid for.
    ///
    /// - Throws: ``ConfigurationError/statement(_:problem:)``.
    func checkOwnStatement(_ statement: Setting<String>) throws(ConfigurationError) {
        if case .standard = try self.statement() { return }
        let scanner = StatementScanner(statement.value)
        guard scanner.readsRows else {
            let beginning = scanner.verb.map { "begins with \($0.shown(limit: 80))" } ?? "does not begin with a word"
            throw .statement(
                statement.origin,
                problem: "the statement \(beginning), and only one that reads rows can be exported; give one that "
                    + "begins with \(StatementScanner.readingVerbs.dropLast().joined(separator: ", ")); nothing was sent"
            )
        }
        var missing: [String] = []
        if try string(.table, options.table) == nil { missing.append("--table NAME (table)") }
        if options.key.isEmpty, try file?.strings(.primaryKey) == nil { missing.append("--key COLUMN (primary_key)") }
        guard missing.isEmpty else {
            throw .statement(
                statement.origin,
                problem: "a statement of your own needs a table and a key; give \(missing.joined(separator: " and ")); "
                    + "nothing was sent")
        }
    }
}
