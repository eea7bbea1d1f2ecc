import Gzip
import Threading

/// The work beside the encoding of rows: the next page is read, chunks are compressed as soon as they are closed, and
/// the previous batch is written.
struct ExportPipeline {
    private let source: any ResultSource
    private let publisher: BatchPublisher
    /// The end of the newest sealed batch.
    private var checkpoint: Checkpoint
    private var readAhead: Result<ResultPage, any Error>?
    private var isReading = false
    /// Chunks of the open batch.
    private var open: ChunkSequence
    /// Chunks of sealed batches, as long as some of them are missing.
    private var compressing: [ChunkSequence] = []
    /// Sealed batches whose files are not begun, in order.
    private var sealed: [(batch: SealedBatch, start: Checkpoint, chunks: AsyncStream<DeflatedChunk>)] = []
    private var isPublishing = false
    /// Chunks whose compression has begun and not ended.
    private var chunksUnderway = 0

    init(source: any ResultSource, publisher: BatchPublisher, checkpoint: Checkpoint) {
        self.source = source
        self.publisher = publisher
        self.checkpoint = checkpoint
        open = ChunkSequence(sequence: checkpoint.nextBatch)
    }

    /// The next page; nil after the last. The page behind it is read meanwhile.
    ///
    /// - Parameter rowsBefore: data rows of the result before that page.
    /// - Throws: the source's error, once every sealed batch is published, so that a resumed run need not read its rows
    ///   again.
    mutating func nextPage(
        after rowsBefore: Int, in group: inout ThrowingTaskGroup<PipelineEvent, any Error>
    ) async throws -> ResultPage? {
        while readAhead == nil, isReading { try await settle(&group) }
        guard let result = readAhead else { return nil }
        readAhead = nil
        if case .failure = result { try await finish(in: &group) }
        let page: ResultPage
        do {
            page = try result.get()
        } catch let error as RowTooLong {
            throw ExportError.resultRowTooLong(row: rowsBefore + error.rowsBefore + 1, limit: error.limit)
        }
        if let next = page.next { read(at: next, in: &group) }
        return page
    }

    mutating func read(at bookmark: Bookmark, in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) {
        isReading = true
        group.addTask { [source] in
            do {
                return .read(.success(try await source.page(at: bookmark)))
            } catch {
                return .read(.failure(error))
            }
        }
    }

    /// Compresses the chunks, and publishes the batch that they complete, if any, after the batches before it. Returns
    /// when the threads have little left to do.
    mutating func take(
        _ cut: BatchCutter.Cut, in group: inout ThrowingTaskGroup<PipelineEvent, any Error>
    ) async throws {
        start(cut.chunks, in: &group)
        if let batch = cut.batch { publish(batch, in: &group) }
        try await catchUp(in: &group)
    }

    private mutating func publish(
        _ batch: SealedBatch, in group: inout ThrowingTaskGroup<PipelineEvent, any Error>
    ) {
        open.end(chunkCount: batch.chunkCount)
        if !open.isComplete { compressing.append(open) }
        sealed.append((batch, checkpoint, open.chunks))
        checkpoint = batch.end(after: checkpoint)
        open = ChunkSequence(sequence: checkpoint.nextBatch)
        publishNext(in: &group)
    }

    /// Waits until every batch is published.
    mutating func finish(in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) async throws {
        while !sealed.isEmpty || isPublishing { try await settle(&group) }
    }

    private mutating func start(_ chunks: [Chunk], in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) {
        chunksUnderway += chunks.count
        for chunk in chunks {
            let ticket = open.start(chunk.index)
            group.addTask(executorPreference: publisher.compressor.workers) { [compressor = publisher.compressor] in
                try Task.checkCancellation()
                return .compressed(ticket, chunk.compressed(with: compressor))
            }
        }
    }

    /// Encoding is faster than compression: without this wait, chunks would pile up in memory.
    private mutating func catchUp(in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) async throws {
        while chunksUnderway > 4 * publisher.compressor.workers.count || sealed.count > 1 { try await settle(&group) }
    }

    private mutating func settle(_ group: inout ThrowingTaskGroup<PipelineEvent, any Error>) async throws {
        switch try await group.next() {
        case .read(let result)?:
            readAhead = result
            isReading = false
        case .compressed(let ticket, let chunk)?:
            chunksUnderway -= 1
            if ticket.sequence == open.sequence {
                open.finish(ticket, chunk)
            } else if let index = compressing.firstIndex(where: { $0.sequence == ticket.sequence }) {
                compressing[index].finish(ticket, chunk)
                if compressing[index].isComplete { compressing.remove(at: index) }
            }
        case .published?:
            isPublishing = false
        case nil: throw CancellationError()
        }
        publishNext(in: &group)
    }

    /// Writes one batch at a time, so that each is published after the one before it.
    private mutating func publishNext(in group: inout ThrowingTaskGroup<PipelineEvent, any Error>) {
        guard !isPublishing, !sealed.isEmpty else { return }
        let (batch, start, chunks) = sealed.removeFirst()
        isPublishing = true
        group.addTask { [publisher] in
            try await publisher.publish(batch, chunks, after: start)
            return .published
        }
    }
}

/// The result of a task beside the encoding.
enum PipelineEvent: Sendable {
    case read(Result<ResultPage, any Error>)
    case compressed(ChunkSequence.Ticket, DeflatedChunk)
    case published
}
