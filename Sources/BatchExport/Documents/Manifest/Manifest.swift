/// What a loader should load, in which order, and how: the content of `manifest.json`.
package struct Manifest: Sendable, Equatable {
    package let table: String
    /// Empty where every row is added.
    package let primaryKey: [String]
    package let fileFormat: FileFormat
    package internal(set) var tableColumns: [TableColumn]
    /// Oldest first.
    package internal(set) var runs: [Run] = []
    /// By rising sequence.
    package internal(set) var batches: [Batch] = []
    /// Keys whose rows are gone, by rising sequence. Batches and deletes share one numbering.
    package internal(set) var deletes: [Deletes] = []
    /// Sequences whose files are removed, or will be, because a later run superseded them. By rising sequence.
    package internal(set) var pruned: [ClosedRange<Int>] = []

    /// One run of a query, however many processes it took.
    package struct Run: Sendable, Equatable {
        package enum Status: String, Sendable, CaseIterable {
            case running, succeeded, abandoned
        }

        package let runID: String
        package internal(set) var status: Status
        package internal(set) var queryExecutionID: String
        package internal(set) var querySHA256: String
        package internal(set) var source: String
        /// Why rows were not read by the faster source; nil if they were, or if the user chose the source.
        package internal(set) var sourceNote: String?
        package let startedAt: String
        package internal(set) var completedAt: String?
        /// Rows in files.
        package internal(set) var rows: Int
        package internal(set) var duplicateRows: Int
        package internal(set) var rejectedRows: Int
        /// Rows that the table held already; nil for a run that wrote every row.
        package internal(set) var unchangedRows: Int?
        package internal(set) var dataScannedBytes: Int?
        /// Whether the service took the result of an equal query before this one; nil if it does not say.
        package internal(set) var reusedPreviousResult: Bool?
        /// The engine that the query ran on, as the service calls it.
        package internal(set) var effectiveEngineVersion: String?
        /// How often the query was sent again because the one before it failed.
        package internal(set) var queryReruns = 0
        /// The column of the run's cursor; nil without a cursor.
        package internal(set) var cursor: Cursor?
        /// Digest of the execution parameters; nil for a query that another process started.
        package internal(set) var parametersSHA256: String?
        /// The requested catalog; nil for the service's default.
        package internal(set) var catalog: String?
        package internal(set) var database: String?
        /// The sequence of the run's first batch, if it has any.
        package internal(set) var firstBatch: Int?

        /// Data rows of the result, duplicate, rejected and unchanged ones included.
        var rowsRead: Int { rows + duplicateRows + rejectedRows + (unchangedRows ?? 0) }

        /// The value of a column from which a run read, and the one from which the next run will.
        package struct Cursor: Sendable, Equatable {
            package let column: String
            package let from: String
            package let to: String
        }
    }

    /// One file of rows.
    package struct Batch: Sendable, Equatable {
        package let sequence: Int
        package let runID: String
        /// From the table's directory.
        package let path: String
        package let rows: Int
        package let duplicateRows: Int
        package let rejectedRows: Int
        /// Rows that the table held already; nil in a run that wrote every row.
        package var unchangedRows: Int?
        package let bytes: Int
        package let uncompressedBytes: Int
        package let sha256: String
        /// The result's data rows that the batch was made from, counted from 1 within the run.
        package let firstRow: Int
        package let lastRow: Int

        /// Data rows of the result, duplicate, rejected and unchanged ones included.
        var rowsRead: Int { rows + duplicateRows + rejectedRows + (unchangedRows ?? 0) }
    }

    package var rows: Int { batches.reduce(0) { $0 + $1.rows } }
    package var bytes: Int { batches.reduce(0) { $0 + $1.bytes } }
    package var uncompressedBytes: Int { batches.reduce(0) { $0 + $1.uncompressedBytes } }

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
    ///
    /// - Parameter first: the first batch that the run can have; nil for any.
    package func run(named runID: String, since first: Int? = nil) -> Run? {
        runs.last { $0.runID == runID && $0.firstBatch ?? .max >= first ?? 0 }
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

    /// Whether it lacks the end of a run that has succeeded, which is saved here before it is in the state.
    package func isOlder(than state: ExportState) -> Bool {
        guard case .succeeded = state.phase else { return false }
        return run(of: state)?.status != .succeeded
    }

    /// A state's run; nil if nothing of it is listed. A run that was given up before it can have the same name.
    func run(of state: ExportState) -> Run? {
        runs.last { $0.runID == state.runID && $0.startedAt == state.startedAt }
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
