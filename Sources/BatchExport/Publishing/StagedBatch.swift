import Gzip

/// A batch whose file is complete except for its name.
struct StagedBatch: Sendable {
    let kind: SealedBatch.Kind
    let sequence: Int
    let schema: ResultSchema
    let counts: BatchCounts
    /// Bytes of the file before compression.
    let uncompressedBytes: Int
    /// The file's figures; nil if no row is written, so that there is no file.
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
        kind = batch.kind
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

    /// Whether the run has published the batch, or has counted its rows if it has no file.
    func isBehind(_ checkpoint: Checkpoint) -> Bool {
        sequence < checkpoint.nextBatch
            || !counts.takesNumber && end.rowsExported <= checkpoint.rowsExported
    }

    /// Nil if it has no file.
    ///
    /// - Parameter countsUnchanged: whether the manifest tells how many rows were held already.
    func entry(
        runID: String, in directory: ExportDirectory, format: FileFormat, countsUnchanged: Bool
    ) -> Manifest.Entry? {
        guard let content else { return nil }
        switch kind {
        case .rows:
            return .rows(
                Manifest.Batch(
                    sequence: sequence, runID: runID, path: directory.dataPath(sequence: sequence, format: format),
                    rows: counts.rows, duplicateRows: counts.duplicateRows, rejectedRows: counts.rejectedRows,
                    unchangedRows: countsUnchanged ? counts.unchangedRows : nil,
                    bytes: content.bytes, uncompressedBytes: uncompressedBytes, sha256: content.sha256,
                    firstRow: rowsBefore + 1, lastRow: rowsBefore + counts.rowsRead))
        case .deletes:
            return .deletes(
                Manifest.Deletes(
                    sequence: sequence, runID: runID, path: directory.deletedPath(sequence: sequence, format: format),
                    rows: counts.rows, bytes: content.bytes, uncompressedBytes: uncompressedBytes,
                    sha256: content.sha256))
        }
    }
}
