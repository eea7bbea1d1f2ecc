import JSON

/// How far an incremental export has come, over all its runs.
package struct CursorState: Sendable, Equatable {
    package let column: String
    /// The value after the newest run that succeeded; nil before there is one. A failed run does not change it.
    package var committed: CursorValue?
    /// The value in the run's query; nil for a run that does not use the cursor and only keeps it.
    package let from: CursorValue?

    package init(column: String, committed: CursorValue?, from: CursorValue?) {
        self.column = column
        self.committed = committed
        self.from = from
    }

    /// The cursor after a run that has seen this value. It never decreases.
    func end(seen: CursorValue?) -> CursorValue? {
        from.map { CursorValue.highest($0, seen) }
    }

    /// The same once the run has succeeded.
    func committing(_ seen: CursorValue?) -> CursorState {
        CursorState(column: column, committed: end(seen: seen) ?? committed, from: from)
    }
}

extension ExportState {
    /// The cursor if the run ended here; nil for a run that does not use one.
    package var cursorEnd: CursorValue? { cursor?.end(seen: checkpoint.highestCursor) }
}

extension ExportJournal {
    /// The cursor of a column: from the state or, if that was lost, from the manifest's newest run.
    package func committedCursor(of column: String) -> CursorValue? {
        CursorState.committed(of: column, manifest, state)
    }
}

extension CursorState {
    /// The cursor that runs have left: from the state or, if that was lost, from the manifest's newest run.
    static func committed(of column: String, _ manifest: Manifest?, _ state: ExportState?) -> CursorValue? {
        if let cursor = state?.cursor, cursor.column == column { return cursor.committed }
        guard let manifest, let column = manifest.columns.first(where: { $0.name == column }),
            let kind = CursorValue.Kind(column),
            let run = manifest.runs.last(where: { $0.status == .succeeded && $0.cursor?.column == column.name })
        else { return nil }
        return run.cursor.flatMap { CursorValue(kind, $0.to) }
    }
}

// MARK: - In documents

extension CursorValue {
    var json: JSONValue { ["type": .string(kind.rawValue), "value": .string(text)] }

    init(_ field: JSONField) throws(JSONError) {
        let kind = try field.member("type").choice(Kind.self)
        let text = try field.member("value")
        guard let value = CursorValue(kind, try text.string()) else {
            throw .field(path: text.path, expected: "a \(kind.rawValue)", found: "another text")
        }
        self = value
    }
}

extension CursorState {
    func json(seen: CursorValue?) -> JSONValue {
        [
            "column": .string(column), "committed": committed?.json ?? .null, "from": from?.json ?? .null,
            "pending": seen?.json ?? .null,
        ]
    }

    init(_ field: JSONField) throws(JSONError) {
        self.init(
            column: try field.member("column").string(),
            committed: try field.optionalMember("committed").map { (field) throws(JSONError) in
                try CursorValue(field)
            },
            from: try field.optionalMember("from").map { (field) throws(JSONError) in try CursorValue(field) })
    }
}

extension Manifest.Run.Cursor {
    var json: JSONValue { ["column": .string(column), "from": .string(from), "to": .string(to)] }

    init(_ field: JSONField) throws(JSONError) {
        column = try field.member("column").string()
        from = try field.member("from").string()
        to = try field.member("to").string()
    }
}
