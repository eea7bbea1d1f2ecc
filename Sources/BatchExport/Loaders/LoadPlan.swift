/// The batches of a load, and the target.
package struct LoadPlan: Sendable {
    /// The table in the target.
    package struct Target: Sendable {
        /// nil for the schema that the target's session is in.
        package let schema: String?
        package let table: String

        package init(schema: String? = nil, table: String) {
            self.schema = schema
            self.table = table
        }

        var names: [String] { [schema, table].compactMap(\.self) }
    }

    package let target: Target
    /// In the order of the newest files.
    package let columns: [Column]
    /// For each column the first batch that has it; nil if all batches do.
    private let sinceBatches: [Int?]
    /// Empty where every row is added.
    package let primaryKey: [String]
    package let format: FileFormat
    /// By rising sequence.
    package let batches: [Step]
    /// The beginning of every batch's address: an absolute directory, or the URL of the objects. No `/` at its end.
    package let location: String

    /// Plans the batches of a manifest that come after one.
    ///
    /// - Parameters:
    ///   - manifest: as it was read, which has checked its names.
    ///   - sequence: the last batch to leave out; 0 for all of them.
    ///   - texts: columns of dates and times that become text in the target, as Athena printed it.
    /// - Throws: ``ExportError/schema(_:)`` for names that the target cannot have, and for texts that are no dates.
    package init(
        _ manifest: Manifest, after sequence: Int, target: Target, location: String, texts: [String] = []
    ) throws(ExportError) {
        let schema = try ResultSchema(columns: manifest.columns, primaryKey: manifest.primaryKey)
        guard !target.table.isEmpty, !Self.ownTables.contains(target.table.lowercased()) else {
            throw .schema("the table cannot be called \"\(target.table)\"; give another --table")
        }
        guard !target.names.contains(where: { $0.utf8.contains(0) }), !location.utf8.contains(0) else {
            throw .schema("U+0000 cannot be part of a name; give another --table")
        }
        self.target = target
        columns = try Self.columns(of: schema, texts: texts)
        sinceBatches = manifest.tableColumns.map(\.sinceBatch)
        primaryKey = schema.primaryKey
        format = manifest.fileFormat
        batches = manifest.entries.filter { $0.sequence > sequence }.map { Step($0) }
        self.location = location
    }

    /// Tables that the scripts make themselves.
    private static let ownTables: Set = ["athena_export_loads", "athena_export_stage", "athena_export_check"]

    private static func columns(of schema: ResultSchema, texts: [String]) throws(ExportError) -> [Column] {
        for name in texts {
            guard schema.columns.contains(where: { $0.name == name && $0.hasYears }) else {
                throw .schema("--as-text \(name.prefix(100)): the export has no such column of dates or times")
            }
        }
        return schema.columns.map { column in
            guard texts.contains(column.name) else { return column }
            return Column(name: column.name, sourceType: column.sourceType, type: .string)
        }
    }

    /// The batch that must be in the target before this one; nil for the first.
    ///
    /// A client that continues after an error would else load the batches behind a failed one, and never load that one.
    func predecessor(of batch: Step) -> Step? {
        let index = batches.partitioningIndex { $0.sequence >= batch.sequence }
        return index > 0 ? batches[index - 1] : nil
    }

    /// Command lines that read a script line by line remove CR at a line's end, also within a name.
    func refuseCRLF(for target: String) throws(ExportError) {
        for name in columns.map(\.name) + self.target.names where name.utf8.contains("\r\n".utf8) {
            throw .schema(
                "the command line of \(target) changes CR LF in a name, as in \(name.prefix(100)); "
                    + "rename the column with AS in the query, or give another --table")
        }
    }

    func isKey(_ column: Column) -> Bool { primaryKey.contains(column.name) }

    /// The columns of a batch's file. Later files can have more; those of deletes have the key's, in its order.
    func columns(of batch: Step) -> [Column] {
        guard !batch.isDeletes else { return primaryKey.compactMap { name in columns.first { $0.name == name } } }
        return zip(columns, sinceBatches).filter { $1 ?? 0 <= batch.sequence }.map(\.0)
    }

    /// The columns that a table may lack which was made for earlier batches.
    var laterColumns: [Column] { zip(columns, sinceBatches).filter { $1 != nil }.map(\.0) }

    var writeMode: WriteMode { WriteMode(primaryKey: primaryKey) }

    /// The target's name as text: its name in the table of loads.
    var targetName: String { target.names.joined(separator: ".") }

    /// The batches in words, for a comment: numbers only.
    var summary: String {
        guard let first = batches.first, let last = batches.last else { return "no batch" }
        return first.sequence == last.sequence
            ? "batch \(first.sequence)" : "batches \(first.sequence) to \(last.sequence)"
    }
}
