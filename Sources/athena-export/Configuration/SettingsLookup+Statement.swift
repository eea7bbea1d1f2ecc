import AWS
import Athena

extension SettingsLookup {
    /// What a statement of one's own must be, and what must be said with it, before it is sent and paid for.
    ///
    /// - Throws: ``ConfigurationError/statement(place:problem:)``.
    func checkOwnStatement(_ statement: Setting<String>) throws(ConfigurationError) {
        let place = statement.origin.place
        if case .standard = try self.statement() { return }
        let scanner = StatementScanner(statement.value)
        guard scanner.readsRows else {
            let beginning = scanner.verb.map { "begins with \($0.shown(limit: 80))" } ?? "does not begin with a word"
            throw .statement(
                place: place,
                problem: "the statement \(beginning), and only one that reads rows can be exported; give one that "
                    + "begins with \(StatementScanner.readingVerbs.dropLast().joined(separator: ", ")); nothing was sent"
            )
        }
        var missing: [String] = []
        if try string("--table", options.table, "table") == nil { missing.append("--table NAME (table)") }
        if options.key.isEmpty, try file?.strings("primary_key") == nil { missing.append("--key COLUMN (primary_key)") }
        guard missing.isEmpty else {
            throw .statement(
                place: place,
                problem: "a statement of your own needs a table and a key; give \(missing.joined(separator: " and ")); "
                    + "nothing was sent")
        }
    }
}
