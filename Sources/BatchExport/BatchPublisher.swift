import Gzip
import Logging
import Threading

/// Makes sealed batches part of the export: writes their files and hands them to the journal, which names and lists them.
///
/// The last stop of a row's way. It calls the journal and nothing before it: `Exporter` cuts, ``ExportPipeline`` says when
/// a batch is due.
struct BatchPublisher: Sendable {
    let compressor: ChunkCompressor
    private let journal: ExportJournal
    private let facts: RunFacts
    private let format: FileFormat
    private let policy: SchemaChangePolicy
    private let level: Int
    private let logger: Logger
    private let report: @Sendable (ExportProgress) -> Void

    init(
        journal: ExportJournal, options: ExportOptions, facts: RunFacts, logger: Logger,
        report: @escaping @Sendable (ExportProgress) -> Void
    ) {
        compressor = ChunkCompressor(
            level: options.compressionLevel, workers: options.threads ?? WorkerThreads(count: options.workers))
        self.journal = journal
        self.facts = facts
        format = options.format
        policy = options.onSchemaChange
        level = options.compressionLevel
        self.logger = logger
        self.report = report
    }

    /// Compares the result's columns with those of the directory, before a file is written.
    ///
    /// - Returns: the columns of the files.
    func begin(_ result: ResultSchema) async throws -> ResultSchema {
        try await journal.fileSchema(for: result, format: format, onChange: policy)
    }

    /// What the rows of the result are compared with; nil if every row is written.
    func changes(of schema: ResultSchema, _ options: ExportOptions) async throws -> ChangeRun? {
        guard let changes = options.changes, let firstBatch = await journal.state?.firstBatch else { return nil }
        return try await ChangeRun(
            changes, schema: schema, firstBatch: firstBatch, options: options, journal: journal, logger: logger)
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
            return try await publish(batch, nil, to: .nowhere, after: checkpoint)
        }
        var file = try BatchFile(
            to: try await journal.destination(ofBatch: checkpoint.nextBatch, format: format), level: level)
        var missing = batch.chunkCount
        for await chunk in chunks {
            try file.append(chunk)
            missing -= 1
        }
        // The stream of a run that was cancelled ends early.
        guard missing == 0 else { throw CancellationError() }
        let finished = try file.finish()
        try await publish(batch, finished.content, to: finished.destination, after: checkpoint)
    }

    private func publish(
        _ batch: SealedBatch, _ content: BatchFile.Content?, to destination: consuming BatchDestination,
        after checkpoint: Checkpoint
    ) async throws {
        let batch = try await StagedBatch(batch, content, after: checkpoint, compressor: compressor)
        try await journal.publish(batch, to: destination, facts, format: format)
        report(.published(batch))
        log(batch)
    }

    /// Completes the run: every row of the result is in files.
    ///
    /// - Parameter rows: that the result has.
    func complete(rows: Int, schema: ResultSchema) async throws {
        try await journal.complete(facts, rows: rows, schema: schema, format: format)
    }

    /// Lists what is published, for a run that ends early. A batch that cannot be listed now stays in the log.
    func listAll() async {
        try? await journal.listAll()
    }
}

extension BatchPublisher {
    private func log(_ batch: StagedBatch) {
        switch batch.kind {
        case .rows:
            logger.debug(
                "batch published",
                metadata: [
                    "event": "batch_published", "batch": .stringConvertible(batch.sequence),
                    "rows": .stringConvertible(batch.counts.rows),
                    "duplicate_rows": .stringConvertible(batch.counts.duplicateRows),
                    "rejected_rows": .stringConvertible(batch.counts.rejectedRows),
                    "unchanged_rows": .stringConvertible(batch.counts.unchangedRows),
                ])
        case .deletes:
            logger.debug(
                "deletes published",
                metadata: [
                    "event": "deletes_published", "batch": .stringConvertible(batch.sequence),
                    "keys": .stringConvertible(batch.counts.rows),
                ])
        }
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
