import Athena
import BatchExport
import Text

extension SettingsLookup {
    func cursor() throws(ConfigurationError) -> Setting<AthenaExport.CursorChoice>? {
        // The file's cursor is ignored for a query that is named by its id, as the file's statement is.
        let isNamed = options.queryExecutionID != nil
        if isNamed, options.cursorColumn == nil, options.cursorStart == nil { return nil }
        let column = try string(.cursorColumn, options.cursorColumn)
        let start = try string(.cursorStart, options.cursorStart)
        guard let column else {
            guard let start else { return nil }
            throw start.origin.error("it is the start of a cursor, but there is no cursor; give --cursor-column")
        }
        return try column.map { (name) throws(ConfigurationError) in
            AthenaExport.CursorChoice(
                column: name,
                start: try start?.map { (text) throws(ConfigurationError) in try value(text, start) }.value)
        }
    }

    private func value(_ text: String, _ setting: Setting<String>?) throws(ConfigurationError) -> CursorValue {
        if let value = CursorValue(given: text) { return value }
        let problem =
            "\"\(text.shown(limit: 80))\" is no value that can be sent; give a number, 2026-01-31, "
            + "2026-01-31T01:02:03Z, or a literal such as 'text', of at most \(CursorValue.maximumTextBytes) bytes"
        throw setting?.origin.error(problem) ?? .option(name: "--cursor-start", problem: problem)
    }
}

extension CursorTemplate {
    /// Compares the statement with the cursor and the parameters, before anything is paid for.
    func check(
        _ cursor: Setting<AthenaExport.CursorChoice>?, _ parameters: Setting<[String]>?, in origin: SettingOrigin
    ) throws(ConfigurationError) {
        if let cursor, !hasPlaceholder {
            throw cursor.origin.error(
                "the statement has no {cursor} outside of quotes and comments; write WHERE "
                    + "\(cursor.value.column.shown(limit: 80)) >= {cursor}")
        }
        if cursor == nil, hasPlaceholder {
            throw origin.error("{cursor} is in the statement; name the column that it goes by with --cursor-column")
        }
        // The parameters of EXECUTE belong to the ? of another statement, unless the cursor makes one of its own.
        let count = parameters?.value.count ?? 0
        guard markCount == count || isOfPreparedStatement && !hasPlaceholder else {
            throw (parameters?.origin ?? origin).error(
                "\(hasPlaceholder ? "beside {cursor} " : "")the statement has \(markCount) ? outside of quotes and "
                    + "comments, and there \(count == 1 ? "is 1 parameter" : "are \(count) parameters"); "
                    + "give one --parameter for each ?")
        }
    }
}
