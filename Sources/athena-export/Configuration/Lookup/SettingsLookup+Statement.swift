import Athena
import Text

extension SettingsLookup {
    /// Whether the statement goes inside of another one.
    private func isSentInside() throws(ConfigurationError) -> Bool {
        if case .unload = try source() { return true }
        return try nested() == .json
    }

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
        if try isSentInside() {
            do throws(StatementFault) {
                _ = try InnerStatement(statement.value)
            } catch {
                throw .statement(
                    statement.origin,
                    problem:
                        "the statement \(error), so it cannot be sent inside of another one, as --source unload and "
                        + "--nested json do; correct it, or leave these out; nothing was sent")
            }
        }
        var missing: [String] = []
        if try string(.table, options.table) == nil { missing.append("--table NAME (table)") }
        if try !saysKey { missing.append("--key COLUMN (primary_key) or --write-mode append (write_mode)") }
        guard missing.isEmpty else {
            throw .statement(
                statement.origin,
                problem: "a statement of your own needs a table and a key; give \(missing.joined(separator: " and ")); "
                    + "nothing was sent")
        }
    }
}
