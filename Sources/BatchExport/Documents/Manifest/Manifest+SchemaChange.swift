/// A result beside the table that it is exported to.
extension Manifest {
    /// - Throws: ``ExportError/schemaChanged(differences:path:canBeAppended:)`` for another key, write mode or format.
    func check(key: [String], format: FileFormat, in directory: ExportDirectory) throws(ExportError) {
        let differences = differences(toKey: key, format: format)
        guard differences.isEmpty else {
            throw .schemaChanged(differences: differences, path: directory.manifest, canBeAppended: false)
        }
    }

    /// The columns of the files to come: those of the table in its order, then those that only the result has.
    ///
    /// - Parameters:
    ///   - policy: for a result with other columns.
    ///   - isResumed: whether the run has files. Its columns were accepted then, and only their order can differ.
    /// - Throws: ``ExportError/schemaChanged(differences:path:canBeAppended:)``.
    func fileSchema(
        for result: ResultSchema, format: FileFormat, onChange policy: SchemaChangePolicy, isResumed: Bool = false,
        in directory: ExportDirectory
    ) throws(ExportError) -> ResultSchema {
        let (lasting, appendable) = differences(to: result, format: format)
        let schema = lasting.isEmpty ? try extended(by: result) : result
        let isAllowed = policy == .appendNewColumns || isResumed && schema.columns.count == tableColumns.count
        guard lasting.isEmpty, appendable.isEmpty || isAllowed else {
            throw .schemaChanged(
                differences: lasting + appendable, path: directory.manifest,
                canBeAppended: lasting.isEmpty && policy == .fail)
        }
        return schema
    }

    /// The differences of another key, write mode or format; empty if there are none.
    func differences(toKey key: [String], format: FileFormat) -> [String] {
        var differences: [String] = []
        if format != fileFormat {
            differences.append("format \(fileFormat.rawValue) became \(format.rawValue)")
        }
        let mode = WriteMode(primaryKey: key)
        if mode != writeMode {
            differences.append("write mode \(writeMode.rawValue) became \(mode.rawValue)")
        } else if key != primaryKey {
            differences.append("key \(primaryKey.joined(separator: ", ")) became \(key.joined(separator: ", "))")
        }
        return differences
    }

    /// The differences of a result: those that no option changes, and those that ``extended(by:)`` handles.
    private func differences(
        to schema: ResultSchema, format: FileFormat
    ) -> (lasting: [String], appendable: [String]) {
        var lasting = differences(toKey: schema.primaryKey, format: format)
        var appendable: [String] = []
        for column in columns where !schema.columns.contains(where: { $0.name == column.name }) {
            lasting.append("column \(column.name) is gone")
        }
        for column in schema.columns {
            guard let known = columns.first(where: { $0.name == column.name }) else {
                appendable.append("column \(column.name) is new")
                continue
            }
            // Their files, and the readers of those, compare bytes.
            if !known.name.utf8.elementsEqual(column.name.utf8) {
                lasting.append("column \(column.name) has another spelling of a letter in Unicode")
            } else if known.typeDescription != column.typeDescription {
                lasting.append("column \(column.name) was \(known.typeDescription), is \(column.typeDescription)")
            } else if known.type != column.type {
                // Nested values are text or JSON.
                lasting.append(
                    "the values of column \(column.name) were \(known.type.rawValue), are \(column.type.rawValue)")
            }
        }
        if lasting.isEmpty, appendable.isEmpty, schema.columns.map(\.name) != columns.map(\.name) {
            appendable.append("the columns stand in another order")
        }
        return (lasting, appendable)
    }

    /// - Parameter schema: of a result that has all columns of the table.
    private func extended(by schema: ResultSchema) throws(ExportError) -> ResultSchema {
        let known = columns.compactMap { column in schema.columns.first { $0.name == column.name } }
        let new = schema.columns.filter { column in !columns.contains { $0.name == column.name } }
        return try ResultSchema(columns: known + new, primaryKey: schema.primaryKey)
    }
}
