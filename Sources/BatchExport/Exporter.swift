import Files
import Gzip
public import Logging

/// Turns the rows of a result into published batches.
///
/// One task encodes. Beside it the next page is read, chunks of the open batch and of the one before it are compressed on
/// threads of their own, and a sealed batch is written: so the service, the encoder, the compressor and the disk work at
/// the same time. Two batches are in memory, most of them compressed.
public struct Exporter: Sendable {
    private let journal: ExportJournal
    private let options: ExportOptions
    private let facts: RunFacts
    private let logger: Logger
    private let report: @Sendable (ExportProgress) -> Void
    let compressor: ChunkCompressor

    public init(
        journal: ExportJournal, options: ExportOptions, facts: RunFacts, logger: Logger,
        report: @escaping @Sendable (ExportProgress) -> Void
    ) {
        self.journal = journal
        self.options = options
        self.facts = facts
        self.logger = logger
        self.report = report
        compressor = ChunkCompressor(level: options.compressionLevel, workers: options.workers)
    }

    /// Exports everything behind the state's checkpoint and completes the run.
    ///
    /// - Throws: ``ExportError``, or what the source throws; the checkpoint then stands where the last batch ended.
    public func export(from source: any ResultSource, state: ExportState) async throws {
        do {
            let result = try await exportRows(from: source, state: state)
            try await journal.complete(facts, rows: result.rows, schema: result.schema, format: options.format)
        } catch {
            // The error is what there is to say: a batch that cannot be listed now stays in the log.
            try? await journal.listAll()
            throw error
        }
    }

    private func exportRows(
        from source: any ResultSource, state: ExportState
    ) async throws -> (schema: ResultSchema, rows: Int) {
        do {
            return try await run(source, from: state.checkpoint)
        } catch is BookmarkRefused {
            logger.warning(
                "page token refused; reading the result again from its beginning",
                metadata: ["event": "page_token_refused"])
            return try await runFromBeginning(source, firstBatch: state.firstBatch)
        }
    }

    /// Batches that are exported already are made again and held against the manifest, which proves that the result is
    /// the same.
    private func runFromBeginning(
        _ source: any ResultSource, firstBatch: Int
    ) async throws -> (schema: ResultSchema, rows: Int) {
        do {
            return try await run(source, from: Checkpoint(nextBatch: firstBatch))
        } catch is BookmarkRefused {
            throw ExportError.inconsistentSource(
                "the page token was refused again after the result was read again from its beginning; "
                    + "give the same command again later")
        }
    }

    /// - Returns: the columns, and how many rows the result has.
    private func run(
        _ source: any ResultSource, from start: Checkpoint
    ) async throws -> (schema: ResultSchema, rows: Int) {
        try await withThrowingTaskGroup(of: PipelineEvent.self) { group in
            var pipeline = ExportPipeline(exporter: self, source: source, checkpoint: start)
            pipeline.read(at: start.bookmark, in: &group)
            var cutter: BatchCutter?
            while let page = try await pipeline.nextPage(in: &group) {
                if cutter == nil { cutter = try await begin(with: page, from: start) }
                while let batch = try cutter?.nextBatch(from: page) {
                    try await pipeline.publish(batch, in: &group)
                }
                try await pipeline.compress(cutter?.takeClosedChunks() ?? [], in: &group)
                report(.read(rows: cutter?.rowsRead ?? 0))
            }
            try await pipeline.finish(in: &group)
            guard let cutter else { throw CancellationError() }
            return (cutter.schema, cutter.rowsRead)
        }
    }

    private func begin(with page: ResultPage, from checkpoint: Checkpoint) async throws -> BatchCutter {
        let schema = try ResultSchema(columns: page.columns, primaryKey: options.primaryKey)
        try await journal.checkSchema(schema, format: options.format)
        return try BatchCutter(schema: schema, options: options, from: checkpoint)
    }

    /// Makes a batch part of the export.
    ///
    /// - Parameters:
    ///   - chunks: the batch's, as they are compressed.
    ///   - checkpoint: where the batch begins.
    func publish(
        _ batch: SealedBatch, _ chunks: AsyncStream<DeflatedChunk>, after checkpoint: Checkpoint
    ) async throws {
        // A file without rows would stop half of all loaders, so there is none.
        guard batch.counts.rows > 0 else {
            return try await publish(batch, nil, from: nil, after: checkpoint)
        }
        let staged = try await journal.stage(batch: checkpoint.nextBatch, format: options.format)
        var file = try BatchFile(staged, level: options.compressionLevel)
        var missing = batch.chunkCount
        for await chunk in chunks {
            try file.append(chunk)
            missing -= 1
        }
        // Whoever is cancelled hears nothing more.
        guard missing == 0 else { throw CancellationError() }
        let finished = try file.finish()
        try await publish(batch, finished.content, from: finished.staged, after: checkpoint)
    }

    private func publish(
        _ batch: SealedBatch, _ content: BatchFile.Content?, from staged: consuming StagedFile?,
        after checkpoint: Checkpoint
    ) async throws {
        let batch = try await StagedBatch(batch, content, after: checkpoint, compressor: compressor)
        try await journal.publish(batch, from: staged, facts, format: options.format)
        report(.published(batch))
        log(batch)
    }

    private func log(_ batch: StagedBatch) {
        logger.debug(
            "batch published",
            metadata: [
                "event": "batch_published", "batch": .stringConvertible(batch.sequence),
                "rows": .stringConvertible(batch.counts.rows),
                "duplicate_rows": .stringConvertible(batch.counts.duplicateRows),
                "rejected_rows": .stringConvertible(batch.counts.rejectedRows),
            ])
        if batch.counts.rejectedRows > 0 {
            logger.warning(
                "\(batch.counts.rejectedRows) rows cannot be loaded and were set aside",
                metadata: [
                    "event": "rows_rejected", "batch": .stringConvertible(batch.sequence),
                    "rejected_rows": .stringConvertible(batch.counts.rejectedRows),
                    "file": "\(journal.directory.rejectedPath(sequence: batch.sequence))",
                ])
        }
    }
}

/// How an export is written.
public struct ExportOptions: Sendable {
    public let primaryKey: [String]
    public let format: FileFormat
    public let limits: BatchLimits
    /// 1 to 9.
    public let compressionLevel: Int
    /// Chunks compressed at a time.
    public let workers: Int
    /// The column whose highest value is kept, if any.
    public let cursorColumn: String?

    public init(
        primaryKey: [String], format: FileFormat, limits: BatchLimits, compressionLevel: Int, workers: Int,
        cursorColumn: String? = nil
    ) {
        self.primaryKey = primaryKey
        self.format = format
        self.limits = limits
        self.compressionLevel = compressionLevel
        self.workers = workers
        self.cursorColumn = cursorColumn
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
