package import Threading

/// How an export is written.
package struct ExportOptions: Sendable {
    /// Empty where every row is added: ``WriteMode/append``.
    package let primaryKey: [String]
    package let format: FileFormat
    package let limits: BatchLimits
    /// 1 to 9.
    package let compressionLevel: Int
    /// Chunks compressed at a time.
    package let workers: Int
    /// The threads that compress, if other exports share them.
    package var threads: WorkerThreads?
    /// The column whose highest value is kept, if any.
    package let cursorColumn: String?
    /// What happens if the result's columns are not those of the directory.
    package let onSchemaChange: SchemaChangePolicy
    /// Nil if every row is written.
    package let changes: ChangeOptions?

    package init(
        primaryKey: [String], format: FileFormat, limits: BatchLimits, compressionLevel: Int, workers: Int,
        cursorColumn: String? = nil, onSchemaChange: SchemaChangePolicy = .fail, changes: ChangeOptions? = nil
    ) {
        self.primaryKey = primaryKey
        self.format = format
        self.limits = limits
        self.compressionLevel = compressionLevel
        self.workers = workers
        self.cursorColumn = cursorColumn
        self.onSchemaChange = onSchemaChange
        self.changes = changes
    }
}

extension ExportOptions {
    /// Where a run reads its result from.
    ///
    /// With changes only, what a row is compared with depends on the rows before it, so a resumed run always reads its
    /// result from the beginning, even if only deletes are left to write.
    package func start(of state: ExportState) -> Checkpoint {
        changes == nil ? state.checkpoint : Checkpoint(nextBatch: state.firstBatch)
    }
}

/// News of a running export.
package enum ExportProgress: Sendable {
    /// Data rows of the result that were read so far, over all processes of the run.
    case read(rows: Int)
    /// One more batch is in its file.
    case published(batches: Int, bytes: Int, uncompressedBytes: Int)

    static func published(_ batch: StagedBatch) -> ExportProgress {
        guard let content = batch.content, batch.kind == .rows else {
            return .published(batches: 0, bytes: 0, uncompressedBytes: 0)
        }
        return .published(batches: 1, bytes: content.bytes, uncompressedBytes: batch.uncompressedBytes)
    }
}
