/// What a loader should load, in which order, and how: the content of `manifest.json`.
public struct Manifest: Sendable, Equatable {
    public let table: String
    /// Empty where every row is added.
    public let primaryKey: [String]
    public let fileFormat: FileFormat
    public internal(set) var tableColumns: [TableColumn]
    /// Oldest first.
    public internal(set) var runs: [Run] = []
    /// By rising sequence.
    public internal(set) var batches: [Batch] = []
    /// Keys whose rows are gone, by rising sequence. Batches and deletes share one numbering.
    public internal(set) var deletes: [Deletes] = []
    /// Sequences whose files are removed, or will be, because a later run superseded them. By rising sequence.
    public internal(set) var pruned: [ClosedRange<Int>] = []

    /// One run of a query, however many processes it took.
    public struct Run: Sendable, Equatable {
        public enum Status: String, Sendable, CaseIterable {
            case running, succeeded, abandoned
        }

        public let runID: String
        public internal(set) var status: Status
        public internal(set) var queryExecutionID: String
        public internal(set) var querySHA256: String
        public internal(set) var source: String
        /// Why rows were not read by the faster source; nil if they were, or if the user chose the source.
        public internal(set) var sourceNote: String?
        public let startedAt: String
        public internal(set) var completedAt: String?
        /// Rows in files.
        public internal(set) var rows: Int
        public internal(set) var duplicateRows: Int
        public internal(set) var rejectedRows: Int
        /// Rows that the table held already; nil for a run that wrote every row.
        public internal(set) var unchangedRows: Int?
        public internal(set) var dataScannedBytes: Int?
        /// Whether the service took the result of an equal query before this one; nil if it does not say.
        public internal(set) var reusedPreviousResult: Bool?
        /// The engine that the query ran on, as the service calls it.
        public internal(set) var effectiveEngineVersion: String?
        /// How often the query was sent again because the one before it failed.
        public internal(set) var queryReruns = 0
        /// The column of the run's cursor; nil without a cursor.
        public internal(set) var cursor: Cursor?
        /// Digest of the execution parameters; nil for a query that another process started.
        public internal(set) var parametersSHA256: String?
        /// The requested catalog; nil for the service's default.
        public internal(set) var catalog: String?
        public internal(set) var database: String?
        /// The sequence of the run's first batch, if it has any.
        public internal(set) var firstBatch: Int?

        /// Data rows of the result, duplicate, rejected and unchanged ones included.
        var rowsRead: Int { rows + duplicateRows + rejectedRows + (unchangedRows ?? 0) }

        /// The value of a column from which a run read, and the one from which the next run will.
        public struct Cursor: Sendable, Equatable {
            public let column: String
            public let from: String
            public let to: String
        }
    }

    /// One file of rows.
    public struct Batch: Sendable, Equatable {
        public let sequence: Int
        public let runID: String
        /// From the table's directory.
        public let path: String
        public let rows: Int
        public let duplicateRows: Int
        public let rejectedRows: Int
        /// Rows that the table held already; nil in a run that wrote every row.
        public var unchangedRows: Int?
        public let bytes: Int
        public let uncompressedBytes: Int
        public let sha256: String
        /// The result's data rows that the batch was made from, counted from 1 within the run.
        public let firstRow: Int
        public let lastRow: Int

        /// Data rows of the result, duplicate, rejected and unchanged ones included.
        var rowsRead: Int { rows + duplicateRows + rejectedRows + (unchangedRows ?? 0) }
    }

    public var rows: Int { batches.reduce(0) { $0 + $1.rows } }
    public var bytes: Int { batches.reduce(0) { $0 + $1.bytes } }
    public var uncompressedBytes: Int { batches.reduce(0) { $0 + $1.uncompressedBytes } }

    init(table: String, schema: ResultSchema, fileFormat: FileFormat) {
        self.init(
            table: table, primaryKey: schema.primaryKey, fileFormat: fileFormat,
            columns: schema.columns.map { TableColumn(column: $0, sinceBatch: nil) }, runs: [], batches: [])
    }

    init(
        table: String, primaryKey: [String], fileFormat: FileFormat, columns: [TableColumn], runs: [Run],
        batches: [Batch], deletes: [Deletes] = [], pruned: [ClosedRange<Int>] = []
    ) {
        self.table = table
        self.primaryKey = primaryKey
        self.fileFormat = fileFormat
        tableColumns = columns
        self.runs = runs
        self.batches = batches
        self.deletes = deletes
        self.pruned = pruned
    }

    /// The newest run of a name. An abandoned run and a later one can have the same name.
    public func run(named runID: String) -> Run? {
        runs.last { $0.runID == runID }
    }

    /// Adds a batch, or replaces the entry of the same sequence.
    mutating func record(_ batch: Batch) {
        let index = place(of: batch.sequence)
        if index < batches.count, batches[index].sequence == batch.sequence {
            batches[index] = batch
        } else {
            batches.insert(batch, at: index)
        }
    }

    /// The batch of a sequence; nil if none is listed.
    func batch(_ sequence: Int) -> Batch? {
        let index = place(of: sequence)
        return index < batches.count && batches[index].sequence == sequence ? batches[index] : nil
    }

    /// The index of a sequence, or where it would be inserted. Called for each of thousands of batches.
    private func place(of sequence: Int) -> Int {
        batches.partitioningIndex { $0.sequence >= sequence }
    }

    /// Adds a run, or replaces the one of the same name that is under way.
    mutating func record(_ run: Run) {
        if let index = runs.lastIndex(where: { $0.runID == run.runID && $0.status == .running }) {
            runs[index] = run
        } else {
            runs.append(run)
        }
    }
}

extension RandomAccessCollection where Index == Int {
    /// The index of the first element that is behind, given that all elements after it are too; the end if none is.
    func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
