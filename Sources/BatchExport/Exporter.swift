import AsyncAlgorithms
public import Logging

/// Turns the rows of a result into published batches.
///
/// Three stages run at once, joined by channels that hold nothing: one reads pages, one encodes rows into batches, one
/// compresses and publishes. So the next page is under way while this one is encoded, a batch is compressed while the
/// next one fills, and no more than that is ever in memory.
public struct Exporter: Sendable {
    private let journal: ExportJournal
    private let options: ExportOptions
    private let facts: RunFacts
    private let logger: Logger
    private let report: @Sendable (ExportProgress) -> Void

    public init(
        journal: ExportJournal, options: ExportOptions, facts: RunFacts, logger: Logger,
        report: @escaping @Sendable (ExportProgress) -> Void
    ) {
        self.journal = journal
        self.options = options
        self.facts = facts
        self.logger = logger
        self.report = report
    }

    /// Exports everything behind the state's checkpoint and completes the run.
    ///
    /// - Throws: ``ExportError``, or what the source throws; the checkpoint then stands where the last batch ended.
    public func export(from source: any ResultSource, state: ExportState) async throws {
        let schema: ResultSchema
        do {
            schema = try await run(source, from: state.checkpoint)
        } catch is BookmarkRefused {
            logger.warning("page token refused; reading the result again from its beginning")
            schema = try await runFromBeginning(source, firstBatch: state.firstBatch)
        }
        try await journal.complete(facts, schema: schema, format: options.format)
    }

    /// Batches that are exported already are made again and held against the manifest, which proves that the result is
    /// the same.
    private func runFromBeginning(_ source: any ResultSource, firstBatch: Int) async throws -> ResultSchema {
        do {
            return try await run(source, from: Checkpoint(nextBatch: firstBatch))
        } catch is BookmarkRefused {
            throw ExportError.inconsistentSource(
                "the page token was refused again after the result was read anew from its beginning; "
                    + "give the same command again later")
        }
    }

    private func run(_ source: any ResultSource, from checkpoint: Checkpoint) async throws -> ResultSchema {
        let pages = AsyncChannel<PageAt>()
        let batches = AsyncChannel<SealedBatch>()
        return try await withThrowingTaskGroup(of: ResultSchema?.self) { group in
            group.addTask {
                try await read(source, from: checkpoint.bookmark, into: pages)
                return nil
            }
            group.addTask { try await encode(pages, from: checkpoint, into: batches) }
            group.addTask {
                try await publish(batches, from: checkpoint)
                return nil
            }
            var schema: ResultSchema?
            for try await result in group { schema = result ?? schema }
            guard let schema else { throw CancellationError() }
            return schema
        }
    }

    /// Sends every page from the bookmark to the end of the result.
    private func read(
        _ source: any ResultSource, from start: Bookmark, into pages: AsyncChannel<PageAt>
    ) async throws {
        var bookmark: Bookmark? = start
        while let current = bookmark {
            let page = try await source.page(at: current)
            await pages.send(PageAt(bookmark: current, page: page))
            try Task.checkCancellation()
            bookmark = page.next
        }
        pages.finish()
    }

    /// Encodes rows and sends each batch when it is full, and the last one at the end of the result.
    private func encode(
        _ pages: AsyncChannel<PageAt>, from checkpoint: Checkpoint, into batches: AsyncChannel<SealedBatch>
    ) async throws -> ResultSchema? {
        var encoding: BatchEncoding?
        for await page in pages {
            if encoding == nil {
                encoding = try await begin(with: page.page, from: checkpoint)
            }
            guard encoding != nil else { break }
            while let batch = try encoding?.nextBatch(from: page) {
                await batches.send(batch)
                try Task.checkCancellation()
            }
            report(.read(rows: encoding?.rowsRead ?? 0))
        }
        // A channel also ends when the task is cancelled; only the reader's last page is the end of the result.
        try Task.checkCancellation()
        batches.finish()
        return encoding?.schema
    }

    private func begin(with page: ResultPage, from checkpoint: Checkpoint) async throws -> BatchEncoding {
        let schema = try ResultSchema(columns: page.columns, primaryKey: options.primaryKey)
        try await journal.checkSchema(schema, format: options.format)
        return BatchEncoding(schema: schema, options: options, from: checkpoint)
    }

    private func publish(_ batches: AsyncChannel<SealedBatch>, from start: Checkpoint) async throws {
        var checkpoint = start
        for await batch in batches {
            let compressed = try await CompressedBatch(
                batch, after: checkpoint, level: options.compressionLevel, workers: options.workers)
            try await journal.publish(compressed, facts, schema: batch.schema, format: options.format)
            checkpoint = compressed.end
            report(.published(compressed))
            logger.debug(
                "batch published",
                metadata: [
                    "sequence": "\(compressed.sequence)", "rows": "\(compressed.content.rows)",
                    "duplicate_rows": "\(compressed.content.duplicateRows)",
                    "rejected_rows": "\(compressed.content.rejectedRows)",
                ])
            if compressed.content.rejectedRows > 0 {
                logger.warning(
                    "\(compressed.content.rejectedRows) rows cannot be loaded and were set aside",
                    metadata: ["file": "\(journal.directory.rejectedPath(sequence: compressed.sequence))"])
            }
        }
        try Task.checkCancellation()
    }
}

/// How an export is written.
public struct ExportOptions: Sendable {
    public let primaryKey: [String]
    public let format: FileFormat
    public let limits: BatchLimits
    /// 1 to 9.
    public let compressionLevel: Int
    /// Blocks compressed at a time.
    public let workers: Int

    public init(
        primaryKey: [String], format: FileFormat, limits: BatchLimits, compressionLevel: Int, workers: Int
    ) {
        self.primaryKey = primaryKey
        self.format = format
        self.limits = limits
        self.compressionLevel = compressionLevel
        self.workers = workers
    }
}

/// News of a running export.
public enum ExportProgress: Sendable {
    /// Data rows of the result that were read so far, over all processes of the run.
    case read(rows: Int)
    /// One more batch is in its file.
    case published(batches: Int, bytes: Int, uncompressedBytes: Int)

    static func published(_ batch: CompressedBatch) -> ExportProgress {
        .published(
            batches: batch.data.isEmpty ? 0 : 1, bytes: batch.data.reduce(0) { $0 + $1.count },
            uncompressedBytes: batch.data.isEmpty ? 0 : batch.content.uncompressedBytes)
    }
}
