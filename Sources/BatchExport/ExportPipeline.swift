/// What happens beside the encoding of rows: the next page is read, the last batch is compressed, the one before it is
/// written.
///
/// Two batches are being compressed for a moment: one begins when a thread finds nothing left of the other, and no row
/// is encoded until that is done.
struct ExportPipeline {
    let exporter: Exporter
    let source: any ResultSource
    /// Behind the last batch that was closed.
    private var checkpoint: Checkpoint
    private var readAhead: Result<PageAt, any Error>?
    private var isReading = false
    /// Whether the batch that was closed last still has blocks for every thread.
    private var hasBlocksLeft = false
    /// Batches that are being compressed.
    private var compressing = 0
    /// Wait until the batch before them is published.
    private var compressed: [CompressedBatch] = []
    private var isPublishing = false
    /// The sequence of the batch to be published next.
    private var nextToPublish: Int

    init(exporter: Exporter, source: any ResultSource, checkpoint: Checkpoint) {
        self.exporter = exporter
        self.source = source
        self.checkpoint = checkpoint
        nextToPublish = checkpoint.nextBatch
    }

    /// The next page, and has the one behind it read meanwhile; nil after the last.
    ///
    /// - Throws: what the source threw, once every full batch is published: rows that have arrived are not asked for
    ///   again.
    mutating func nextPage(in group: inout ThrowingTaskGroup<ExportStep, any Error>) async throws -> PageAt? {
        while readAhead == nil, isReading { try await settle(&group) }
        guard let result = readAhead else { return nil }
        readAhead = nil
        if case .failure = result { try await finish(in: &group) }
        let page = try result.get()
        if let next = page.page.next { read(at: next, in: &group) }
        return page
    }

    mutating func read(at bookmark: Bookmark, in group: inout ThrowingTaskGroup<ExportStep, any Error>) {
        isReading = true
        group.addTask { [source] in
            do {
                return .read(.success(PageAt(bookmark: bookmark, page: try await source.page(at: bookmark))))
            } catch {
                return .read(.failure(error))
            }
        }
    }

    /// Has a batch compressed as soon as the one before it leaves the next thread idle, and published in its turn.
    mutating func publish(
        _ batch: SealedBatch, in group: inout ThrowingTaskGroup<ExportStep, any Error>
    ) async throws {
        while hasBlocksLeft || !compressed.isEmpty { try await settle(&group) }
        hasBlocksLeft = true
        compressing += 1
        let (untaken, taken) = AsyncStream.makeStream(of: Never.self)
        group.addTask {
            for await _ in untaken {}
            return .taken
        }
        group.addTask { [exporter, checkpoint] in
            .compressed(try await exporter.compress(batch, after: checkpoint) { taken.finish() })
        }
        checkpoint = batch.end(after: checkpoint)
        while compressing > 1 { try await settle(&group) }
    }

    /// Waits until every batch is published.
    mutating func finish(in group: inout ThrowingTaskGroup<ExportStep, any Error>) async throws {
        while nextToPublish < checkpoint.nextBatch || isPublishing { try await settle(&group) }
    }

    private mutating func settle(_ group: inout ThrowingTaskGroup<ExportStep, any Error>) async throws {
        switch try await group.next() {
        case .read(let result)?:
            readAhead = result
            isReading = false
        case .taken?:
            hasBlocksLeft = false
        case .compressed(let batch)?:
            compressing -= 1
            compressed.append(batch)
        case .published?:
            isPublishing = false
        case nil: throw CancellationError()
        }
        publishCompressed(in: &group)
    }

    /// One batch at a time is written, so each is published after the one before it.
    private mutating func publishCompressed(in group: inout ThrowingTaskGroup<ExportStep, any Error>) {
        guard !isPublishing, let index = compressed.firstIndex(where: { $0.sequence == nextToPublish }) else { return }
        let batch = compressed.remove(at: index)
        isPublishing = true
        nextToPublish += 1
        group.addTask { [exporter] in
            try await exporter.publish(batch)
            return .published
        }
    }
}

/// Something that was done beside the encoding.
enum ExportStep: Sendable {
    case read(Result<PageAt, any Error>)
    /// A thread found no block left of the batch that was closed last.
    case taken
    case compressed(CompressedBatch)
    case published
}
