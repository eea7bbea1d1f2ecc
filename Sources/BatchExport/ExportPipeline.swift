import Gzip
import Threading

/// What happens beside the encoding of rows: the next page is read, blocks are compressed as soon as they are closed, and
/// those of the batch before are written.
struct ExportPipeline {
    let exporter: Exporter
    let source: any ResultSource
    /// Behind the last batch that was closed.
    private var checkpoint: Checkpoint
    private var readAhead: Result<PageAt, any Error>?
    private var isReading = false
    /// Of the batch that rows are encoded for.
    private var open: ChunkSequence
    /// Of closed batches, as long as blocks of them are missing.
    private var compressing: [ChunkSequence] = []
    /// Closed batches whose files are not begun, in order.
    private var closed: [(batch: SealedBatch, start: Checkpoint, blocks: AsyncStream<DeflatedChunk>)] = []
    private var isPublishing = false
    /// Blocks that were given to be compressed and are not.
    private var blocksUnderway = 0

    init(exporter: Exporter, source: any ResultSource, checkpoint: Checkpoint) {
        self.exporter = exporter
        self.source = source
        self.checkpoint = checkpoint
        open = ChunkSequence(sequence: checkpoint.nextBatch)
    }

    /// The next page, and has the one behind it read meanwhile; nil after the last.
    ///
    /// - Throws: what the source threw, once every full batch is published: rows that have arrived are not asked for
    ///   again.
    mutating func nextPage(in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) async throws -> PageAt? {
        while readAhead == nil, isReading { try await settle(&group) }
        guard let result = readAhead else { return nil }
        readAhead = nil
        if case .failure = result { try await finish(in: &group) }
        let page = try result.get()
        if let next = page.page.next { read(at: next, in: &group) }
        return page
    }

    mutating func read(at bookmark: Bookmark, in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) {
        isReading = true
        group.addTask { [source] in
            do {
                return .read(.success(PageAt(bookmark: bookmark, page: try await source.page(at: bookmark))))
            } catch {
                return .read(.failure(error))
            }
        }
    }

    /// Has blocks of the open batch compressed, and returns when the threads have little left to do.
    mutating func compress(
        _ blocks: [Chunk], in group: inout ThrowingTaskGroup<PipelineEvent, any Error>
    ) async throws {
        start(blocks, in: &group)
        try await catchUp(in: &group)
    }

    /// Has what is left of the open batch compressed, and all of it published in its turn.
    mutating func publish(
        _ batch: SealedBatch, in group: inout ThrowingTaskGroup<PipelineEvent, any Error>
    ) async throws {
        var batch = batch
        start(batch.content.takeMissing(), in: &group)
        open.end(blockCount: batch.content.blockCount)
        if !open.isComplete { compressing.append(open) }
        closed.append((batch, checkpoint, open.blocks))
        checkpoint = batch.end(after: checkpoint)
        open = ChunkSequence(sequence: checkpoint.nextBatch)
        publishNext(in: &group)
        try await catchUp(in: &group)
    }

    /// Waits until every batch is published.
    mutating func finish(in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) async throws {
        while !closed.isEmpty || isPublishing { try await settle(&group) }
    }

    private mutating func start(_ blocks: [Chunk], in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) {
        blocksUnderway += blocks.count
        for block in blocks {
            let ticket = open.start(block.index)
            group.addTask(executorPreference: exporter.compressor.workers) { [compressor = exporter.compressor] in
                try Task.checkCancellation()
                return .compressed(ticket, block.compressed(with: compressor))
            }
        }
    }

    /// Encoding runs faster than compression; without this rows would pile up in memory.
    private mutating func catchUp(in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) async throws {
        while blocksUnderway > 4 * exporter.compressor.workers.count || closed.count > 1 { try await settle(&group) }
    }

    private mutating func settle(_ group: inout ThrowingTaskGroup<PipelineEvent, any Error>) async throws {
        switch try await group.next() {
        case .read(let result)?:
            readAhead = result
            isReading = false
        case .compressed(let ticket, let block)?:
            blocksUnderway -= 1
            if ticket.sequence == open.sequence {
                open.finish(ticket, block)
            } else if let index = compressing.firstIndex(where: { $0.sequence == ticket.sequence }) {
                compressing[index].finish(ticket, block)
                if compressing[index].isComplete { compressing.remove(at: index) }
            }
        case .published?:
            isPublishing = false
        case nil: throw CancellationError()
        }
        publishNext(in: &group)
    }

    /// One batch at a time is written, so each is published after the one before it.
    private mutating func publishNext(in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) {
        guard !isPublishing, !closed.isEmpty else { return }
        let (batch, start, blocks) = closed.removeFirst()
        isPublishing = true
        group.addTask { [exporter] in
            try await exporter.publish(batch, blocks, after: start)
            return .published
        }
    }
}

/// Something that was done beside the encoding.
enum PipelineEvent: Sendable {
    case read(Result<PageAt, any Error>)
    case compressed(ChunkSequence.Ticket, DeflatedChunk)
    case published
}
