import Gzip

/// A batch whose file is complete except for its name.
struct StagedBatch: Sendable {
    let sequence: Int
    let schema: ResultSchema
    let counts: BatchCounts
    /// Bytes of the file before compression.
    let uncompressedBytes: Int
    /// The file's figures; nil if every row was rejected, so that there is no file.
    let content: BatchFile.Content?
    /// The compressed file of rejected rows in pieces, if there are any.
    let rejected: [[UInt8]]?
    /// The result's data rows before the batch.
    let rowsBefore: Int
    /// Where the next batch begins.
    let end: Checkpoint

    /// - Parameters:
    ///   - content: of the batch's file.
    ///   - checkpoint: where the batch begins.
    init(
        _ batch: SealedBatch, _ content: BatchFile.Content?, after checkpoint: Checkpoint, compressor: ChunkCompressor
    ) async throws {
        sequence = checkpoint.nextBatch
        schema = batch.schema
        counts = batch.counts
        uncompressedBytes = batch.uncompressedBytes
        self.content = content
        let rejected = batch.rejected
        self.rejected =
            rejected.isEmpty ? nil : try await GzipMember(compressing: rejected, with: compressor).pieces
        rowsBefore = checkpoint.rowsExported
        end = batch.end(after: checkpoint)
    }

    func entry(runID: String, in directory: ExportDirectory, format: FileFormat) -> Manifest.Batch? {
        guard let content else { return nil }
        return Manifest.Batch(
            sequence: sequence, runID: runID, path: directory.dataPath(sequence: sequence, format: format),
            rows: counts.rows, duplicateRows: counts.duplicateRows, rejectedRows: counts.rejectedRows,
            bytes: content.bytes, uncompressedBytes: uncompressedBytes, sha256: content.sha256,
            firstRow: rowsBefore + 1, lastRow: rowsBefore + counts.rowsRead)
    }
}
