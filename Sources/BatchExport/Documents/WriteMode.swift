/// What the rows of a run do to the table.
package enum WriteMode: String, Sendable, CaseIterable {
    /// A row takes the place of the one with the same key.
    case upsert
    /// Every row is added. There is no key.
    case append

    /// - Parameter primaryKey: of the table.
    init(primaryKey: [String]) {
        self = primaryKey.isEmpty ? .append : .upsert
    }
}

/// What a run does about a result whose columns are not those of the directory.
package enum SchemaChangePolicy: String, Sendable, CaseIterable {
    /// It ends before a file is written.
    case fail
    /// It matches columns by name, and puts new ones behind the others.
    case appendNewColumns = "append_new_columns"
}
