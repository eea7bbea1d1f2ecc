package import Logging

/// Turns the rows of a result into published batches.
///
/// One task encodes. Beside it, the next page is read, chunks of the open batch and of the one before it are compressed
/// on threads of their own, and a sealed batch is written. So the service, the encoder, the compressor and the disk
/// work at the same time. Two batches are in memory, most of them compressed.
///
/// Calls go one way: `Exporter`, ``ExportPipeline``, ``BatchPublisher``, ``ExportJournal``.
package struct Exporter: Sendable {
    private let options: ExportOptions
    private let publisher: BatchPublisher
    private let logger: Logger
    private let report: @Sendable (ExportProgress) -> Void

    package init(
        journal: ExportJournal, options: ExportOptions, facts: RunFacts, logger: Logger,
        report: @escaping @Sendable (ExportProgress) -> Void
    ) {
        self.options = options
        publisher = BatchPublisher(journal: journal, options: options, facts: facts, logger: logger, report: report)
        self.logger = logger
        self.report = report
    }

    /// Exports all rows behind the state's checkpoint and completes the run.
    ///
    /// - Throws: ``ExportError``, or the source's error; the checkpoint is then the end of the last batch.
    package func export(from source: any ResultSource, state: ExportState) async throws {
        do {
            let result = try await exportRows(from: source, state: state)
            let index = await result.changes?.stageIndex()
            try await publisher.complete(rows: result.rows, schema: result.schema)
            await result.changes?.placeIndex(index)
        } catch {
            await publisher.listAll()
            throw error
        }
    }

    /// What was read.
    private struct ReadResult {
        let schema: ResultSchema
        /// Of the result.
        let rows: Int
        /// Nil if every row is written.
        let changes: ChangeRun?
    }

    private func exportRows(from source: any ResultSource, state: ExportState) async throws -> ReadResult {
        do {
            return try await run(source, from: options.start(of: state))
        } catch is BookmarkRefused {
            logger.warning(
                "page token refused; reading the result again from its beginning",
                metadata: ["event": "page_token_refused"])
            return try await runFromBeginning(source, firstBatch: state.firstBatch)
        }
    }

    /// Batches that are exported already are made again and compared with the manifest, which proves that the result is
    /// the same.
    private func runFromBeginning(_ source: any ResultSource, firstBatch: Int) async throws -> ReadResult {
        do {
            return try await run(source, from: Checkpoint(nextBatch: firstBatch))
        } catch is BookmarkRefused {
            throw ExportError.inconsistentSource(
                "the page token was refused again after the result was read again from its beginning; "
                    + "give the same command again later")
        }
    }

    private func run(_ source: any ResultSource, from start: Checkpoint) async throws -> ReadResult {
        try await withThrowingTaskGroup(of: PipelineEvent.self) { group in
            var pipeline = ExportPipeline(source: source, publisher: publisher, checkpoint: start)
            pipeline.read(at: start.bookmark, in: &group)
            var cutter: BatchCutter?
            var changes: ChangeRun?
            /// Data rows of the result before the next page.
            var rowsBefore = start.rowsExported - start.bookmark.rowsIntoPage
            while let page = try await pipeline.nextPage(after: rowsBefore, in: &group) {
                rowsBefore += page.block.rowCount
                if cutter == nil { (cutter, changes) = try await begin(with: page, from: start) }
                while let cut = try cutter?.cut(page) {
                    try await pipeline.take(cut, in: &group)
                    if cut.batch == nil { break }
                }
                report(.read(rows: cutter?.rowsRead ?? 0))
            }
            try await pipeline.finish(in: &group)
            guard let cutter else { throw CancellationError() }
            if var deletes = try await changes?.deletes() {
                while let cut = try deletes.cut() { try await pipeline.take(cut, in: &group) }
                try await pipeline.finish(in: &group)
            }
            return ReadResult(schema: cutter.schema, rows: cutter.rowsRead, changes: changes)
        }
    }

    private func begin(
        with page: ResultPage, from checkpoint: Checkpoint
    ) async throws -> (BatchCutter, ChangeRun?) {
        let result = try ResultSchema(columns: page.columns, primaryKey: options.primaryKey)
        let schema = try await publisher.begin(result)
        let changes = try await publisher.changes(of: schema, options)
        let cutter = try BatchCutter(
            schema: schema, columns: page.columns, options: options, changes: changes?.filter, from: checkpoint)
        return (cutter, changes)
    }
}
