import Digest
import Gzip

/// A batch as it will stand in its file.
struct CompressedBatch: Sendable {
    let sequence: Int
    let schema: ResultSchema
    let counts: BatchCounts
    /// Of the file before compression.
    let uncompressedBytes: Int
    /// The compressed file in pieces; empty if every row was rejected.
    let data: [[UInt8]]
    let rejected: [[UInt8]]?
    /// The result's data rows before the batch.
    let rowsBefore: Int
    /// Where the next batch begins.
    let end: Checkpoint

    /// - Parameters:
    ///   - blocks: the batch's, compressed.
    ///   - checkpoint: where the batch begins.
    init(
        _ batch: SealedBatch, _ blocks: [DeflatedBlock], after checkpoint: Checkpoint, compressor: BlockCompressor
    ) async throws {
        let content = batch.content
        sequence = checkpoint.nextBatch
        schema = batch.schema
        counts = content.counts
        uncompressedBytes = content.uncompressedBytes
        rowsBefore = checkpoint.rowsExported
        // A file without rows would stop half of all loaders, so there is none.
        data = counts.rows == 0 ? [] : GzipMember(joining: blocks, level: compressor.level).pieces
        rejected =
            content.rejected.isEmpty
            ? nil : try await GzipMember(compressing: content.rejected, with: compressor).pieces
        end = batch.end(after: checkpoint)
    }

    func entry(runID: String, in directory: ExportDirectory, format: FileFormat) -> Manifest.Batch? {
        guard !data.isEmpty else { return nil }
        return Manifest.Batch(
            sequence: sequence, runID: runID, path: directory.dataPath(sequence: sequence, format: format),
            rows: counts.rows, duplicateRows: counts.duplicateRows, rejectedRows: counts.rejectedRows,
            bytes: data.reduce(0) { $0 + $1.count }, uncompressedBytes: uncompressedBytes,
            sha256: sha256(of: data), firstRow: rowsBefore + 1, lastRow: rowsBefore + counts.rowsRead)
    }
}

/// The digest of a file in pieces, as the manifest writes it.
func sha256(of pieces: [[UInt8]]) -> String {
    var digest = SHA256()
    for piece in pieces { digest.update(piece) }
    return digest.finalize().hexadecimal
}

/// What the manifest says of a run beyond its rows.
public struct RunFacts: Sendable {
    /// Digest of the statement's text.
    public let querySHA256: String
    /// Digest of the execution parameters as they were given; nil for a query that somebody else started.
    public let parametersSHA256: String?
    /// Where the query was told to run; nil for the service's default.
    public let catalog: String?
    public let database: String?
    /// How rows are read: `api`, `s3`.
    public let source: String
    /// Why rows are not read by a faster source, if somebody would ask.
    public let sourceNote: String?
    public let dataScannedBytes: Int?

    public init(
        querySHA256: String, parametersSHA256: String? = nil, catalog: String? = nil, database: String? = nil,
        source: String, sourceNote: String? = nil,
        dataScannedBytes: Int?
    ) {
        self.querySHA256 = querySHA256
        self.parametersSHA256 = parametersSHA256
        self.catalog = catalog
        self.database = database
        self.source = source
        self.sourceNote = sourceNote
        self.dataScannedBytes = dataScannedBytes
    }

    /// The manifest's entry for a run that stands at a checkpoint.
    func run(_ state: ExportState, query: ExportState.QueryIdentity, checkpoint: Checkpoint) -> Manifest.Run {
        var cursor: Manifest.Run.Cursor?
        if let from = state.cursor?.from, let to = state.cursor?.end(seen: checkpoint.highestCursor) {
            cursor = Manifest.Run.Cursor(column: state.cursor?.column ?? "", from: from.text, to: to.text)
        }
        return Manifest.Run(
            runID: state.runID, status: .running, queryExecutionID: query.queryExecutionID,
            querySHA256: querySHA256, source: source, sourceNote: sourceNote, startedAt: state.startedAt,
            completedAt: nil,
            rows: checkpoint.rows, duplicateRows: checkpoint.duplicateRows, rejectedRows: checkpoint.rejectedRows,
            dataScannedBytes: dataScannedBytes, queryReruns: state.queryReruns, cursor: cursor,
            parametersSHA256: parametersSHA256, catalog: catalog, database: database, firstBatch: state.firstBatch)
    }
}
