public import Threading

/// How an export is written.
public struct ExportOptions: Sendable {
    /// Empty where every row is added: ``WriteMode/append``.
    public let primaryKey: [String]
    public let format: FileFormat
    public let limits: BatchLimits
    /// 1 to 9.
    public let compressionLevel: Int
    /// Chunks compressed at a time.
    public let workers: Int
    /// The threads that compress, if other exports share them.
    public var threads: WorkerThreads?
    /// The column whose highest value is kept, if any.
    public let cursorColumn: String?
    /// What happens if the result's columns are not those of the directory.
    public let onSchemaChange: SchemaChangePolicy

    public init(
        primaryKey: [String], format: FileFormat, limits: BatchLimits, compressionLevel: Int, workers: Int,
        cursorColumn: String? = nil, onSchemaChange: SchemaChangePolicy = .fail
    ) {
        self.primaryKey = primaryKey
        self.format = format
        self.limits = limits
        self.compressionLevel = compressionLevel
        self.workers = workers
        self.cursorColumn = cursorColumn
        self.onSchemaChange = onSchemaChange
    }
}

/// News of a running export.
public enum ExportProgress: Sendable {
    /// Data rows of the result that were read so far, over all processes of the run.
    case read(rows: Int)
    /// One more batch is in its file.
    case published(batches: Int, bytes: Int, uncompressedBytes: Int)

    static func published(_ batch: StagedBatch) -> ExportProgress {
        .published(
            batches: batch.content == nil ? 0 : 1, bytes: batch.content?.bytes ?? 0,
            uncompressedBytes: batch.content == nil ? 0 : batch.uncompressedBytes)
    }
}
