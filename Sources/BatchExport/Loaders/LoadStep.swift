extension LoadPlan {
    /// One file of a load: rows to insert or update, or keys to delete.
    ///
    /// Both are called batches in the scripts: they share one numbering, and the table of loads notes each.
    package struct Step: Sendable, Equatable {
        package let sequence: Int
        /// From the table's directory.
        package let path: String
        package let rows: Int
        package let bytes: Int
        package let sha256: String
        /// Whether the rows are keys to delete.
        package let isDeletes: Bool

        init(_ entry: Manifest.Entry) {
            sequence = entry.sequence
            path = entry.file.path
            rows = entry.file.rows
            bytes = entry.file.bytes
            sha256 = entry.file.sha256
            isDeletes = entry.isDeletes
        }

        /// What the script says once the file is applied.
        var outcome: String { "batch \(sequence): \(isDeletes ? "deleted" : "loaded") \(rows) rows" }
    }
}
