/// What a table's directory holds, for comparing it with a run that has not begun. The directory is not taken.
package struct HeldTable: Sendable {
    package let directory: ExportDirectory
    /// Nil before the first batch of the first run.
    package let manifest: Manifest?
    package let state: ExportState?

    /// - Throws: ``ExportError`` as the run would; ``ExportError/locked(path:)`` while another run is at work.
    package init(_ directory: ExportDirectory) throws(ExportError) {
        self.directory = directory
        (manifest, state) = try ExportJournal.read(directory)
        if directory.isAtWork == true { throw .locked(path: directory.path) }
        if let manifest, let state, manifest.isOlder(than: state) {
            throw .olderManifest(directory.manifest, runID: state.runID)
        }
    }

    /// The run that the next one resumes.
    package var unfinished: ExportState? { state.flatMap { $0.isUnfinished ? $0 : nil } }

    /// - Throws: ``ExportError/otherRequest(differences:path:)`` if the unfinished run has another request.
    package func check(_ request: ExportRequest) throws(ExportError) {
        guard let differences = unfinished?.request.differences(to: request), !differences.isEmpty else { return }
        throw .otherRequest(differences: differences, path: directory.state)
    }

    /// - Throws: ``ExportError/schemaChanged(differences:path:canBeAppended:)`` if key, write mode or format are others.
    package func check(primaryKey: [String], format: FileFormat) throws(ExportError) {
        try manifest?.check(key: primaryKey, format: format, in: directory)
    }

    /// - Returns: the names of the columns that the run would add.
    /// - Throws: ``ExportError/schemaChanged(differences:path:canBeAppended:)`` as the run would.
    package func newColumns(of schema: ResultSchema, _ options: ExportOptions) throws(ExportError) -> [String] {
        guard let manifest else { return [] }
        let files = try manifest.fileSchema(
            for: schema, format: options.format, onChange: options.onSchemaChange, in: directory)
        return files.columns.dropFirst(manifest.tableColumns.count).map(\.name)
    }

    /// The value from which a run that goes by a column reads on; nil before the first one.
    package func committedCursor(of column: String) -> CursorValue? {
        CursorState.committed(of: column, manifest, state)
    }

    /// - Throws: ``ExportError/options(_:)`` if the column is missing or has no order.
    package static func check(cursorColumn: String, in columns: [Column]) throws(ExportError) {
        _ = try CursorTracker(column: cursorColumn, in: columns, seen: nil)
    }
}
