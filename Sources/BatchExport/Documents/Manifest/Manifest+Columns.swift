extension Manifest {
    /// A column of the table.
    package struct TableColumn: Sendable, Equatable {
        package let column: Column
        /// The first batch whose file has the column; nil for one that all files have.
        package let sinceBatch: Int?
    }

    /// In the order of the newest files.
    package var columns: [Column] { tableColumns.map(\.column) }

    /// The columns of a batch's file: later columns are always behind earlier ones.
    package func columns(ofBatch sequence: Int) -> [Column] {
        tableColumns.prefix { $0.sinceBatch ?? 0 <= sequence }.map(\.column)
    }

    /// The schema of the columns and the key.
    ///
    /// - Parameter sequence: the batch after which the table is looked at.
    func schema(through sequence: Int = .max) throws(ExportError) -> ResultSchema {
        try ResultSchema(columns: columns(ofBatch: sequence), primaryKey: primaryKey)
    }

    package var writeMode: WriteMode { WriteMode(primaryKey: primaryKey) }

    /// Adds the columns of a batch's file that no file before it has.
    ///
    /// - Parameter schema: of the file; begins with the columns that are there already.
    mutating func addColumns(of schema: ResultSchema, since sequence: Int) {
        tableColumns += schema.columns.dropFirst(tableColumns.count).map {
            TableColumn(column: $0, sinceBatch: sequence)
        }
    }
}
