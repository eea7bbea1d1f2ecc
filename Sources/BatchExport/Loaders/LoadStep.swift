extension LoadPlan {
    /// One file of a load: rows to insert or update, or keys to delete.
    ///
    /// Both are called batches in the scripts: they share one numbering, and the table of loads notes each.
    public struct Step: Sendable, Equatable {
        public let sequence: Int
        /// From the table's directory.
        public let path: String
        public let rows: Int
        public let bytes: Int
        public let sha256: String
        /// Whether the rows are keys to delete.
        public let isDeletes: Bool

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
