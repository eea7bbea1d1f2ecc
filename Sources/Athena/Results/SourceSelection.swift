import AWS
import BatchExport
import Logging
import Text

/// How the rows of a result are read.
package enum SourceMode: Sendable {
    /// The result object if it can be read and has more than one page, else GetQueryResults.
    case auto
    /// GetQueryResults.
    case api
    /// The result object, and nothing else.
    case s3
    /// The objects that an UNLOAD of the query writes.
    case unload
}

/// A source, where in it an export begins, and the reason if it is not the faster one.
struct SelectedSource {
    let source: any ResultSource
    let checkpoint: Checkpoint
    var note: String?
}

/// Decides where the rows of a finished query come from.
struct SourceSelection {
    let results: QueryResults
    /// Nil if S3 is excluded, because answers are recorded or replayed.
    let s3: S3Client?
    let mode: SourceMode
    let sizes: RangeSizes
    let execution: QueryExecution
    /// The sequence of the run's first batch.
    let firstBatch: Int
    let logger: Logger

    /// The source for the rows behind a checkpoint.
    ///
    /// A run keeps the source that it began with as long as that one serves. Another source reads the result from its
    /// beginning: exported batches are made again and compared with the manifest, which proves that both sources have
    /// the same rows in the same order.
    func select(from checkpoint: Checkpoint) async throws -> SelectedSource {
        guard let s3, mode != .api, mode == .s3 || checkpoint.bookmark.pageToken == nil else {
            return api(from: checkpoint)
        }
        let bookmark = checkpoint.bookmark
        guard mode == .auto else {
            let location = try location()
            let columns = try await results.columns()
            return try await self.s3(s3, location, from: checkpoint, columns: columns, patience: .full)
        }
        // Most results end with the first page. One that is too large for an answer is better read from S3.
        if bookmark.etag == nil, let first = try await results.firstPageUnlessTooLarge() {
            if first.nextToken == nil { return api(from: checkpoint, firstPage: first) }
            return try await s3IfItServes(s3, from: checkpoint, columns: first.columns, firstPage: first)
        }
        // Only the answers of the API have the types.
        return try await s3IfItServes(s3, from: checkpoint, columns: try await results.columns())
    }

    /// The other source, if reading S3 failed in the middle; nil if there is none or it would not help.
    func fallback(after error: AthenaExportError, from checkpoint: Checkpoint) -> SelectedSource? {
        mode == .auto && error.leavesTheAPI ? api(from: checkpoint, because: error) : nil
    }

    private func s3IfItServes(
        _ s3: S3Client, from checkpoint: Checkpoint, columns: [ColumnInfo], firstPage: ResultsAnswer? = nil
    ) async throws -> SelectedSource {
        do {
            return try await self.s3(s3, try location(), from: checkpoint, columns: columns, patience: .short)
        } catch let error as AthenaExportError where error.leavesTheAPI {
            return api(from: checkpoint, firstPage: firstPage, because: error)
        }
    }

    private func api(
        from checkpoint: Checkpoint, firstPage: ResultsAnswer? = nil, because error: AthenaExportError? = nil
    ) -> SelectedSource {
        let note = error.map(\.reasonAgainstS3)
        if let note {
            logger.notice(
                "reading by GetQueryResults, not from S3",
                metadata: ["event": "source_fallback", "source": "api", "reason": "\(note)"])
        }
        let isOfObject = checkpoint.bookmark.etag != nil
        return SelectedSource(
            source: APIResultSource(
                results,
                header: HeaderRule(
                    statementType: execution.statementType, substatementType: execution.substatementType),
                firstPage: firstPage),
            checkpoint: isOfObject ? Checkpoint(nextBatch: firstBatch) : checkpoint, note: note)
    }

    private func s3(
        _ s3: S3Client, _ location: S3Location, from checkpoint: Checkpoint, columns: [ColumnInfo],
        patience: S3Client.Patience
    ) async throws -> SelectedSource {
        var checkpoint = checkpoint
        if checkpoint.bookmark.etag == nil { checkpoint = Checkpoint(nextBatch: firstBatch) }
        let source = try await S3ResultSource(
            location, at: checkpoint.bookmark, columns: columns, sizes: sizes, patience: patience,
            client: s3.expecting(bucketOwner: execution.expectedBucketOwner))
        checkpoint.bookmark = source.start
        logger.debug(
            "reading from S3", metadata: ["event": "source_selected", "source": "s3", "location": "\(location)"])
        return SelectedSource(source: source, checkpoint: checkpoint)
    }

    private func location() throws(AthenaExportError) -> S3Location {
        guard let text = execution.outputLocation else {
            throw .notInS3(reason: "the service does not say where the result lies, as with managed query results")
        }
        guard let location = S3Location(text) else {
            throw .notInS3(reason: "\(text.shown(limit: 200).debugDescription) is not the place of an object in S3")
        }
        guard location.key.hasSuffix(".csv") else {
            throw .notInS3(reason: "\(location) is not CSV; only results of SELECT and the like are")
        }
        guard execution.encryptionOption != "CSE_KMS" else {
            throw .notInS3(reason: "\(location) is encrypted for the client to decrypt (CSE_KMS)")
        }
        return location
    }
}

extension AthenaExportError {
    /// Whether the API may have what S3 does not give.
    fileprivate var leavesTheAPI: Bool {
        switch self {
        case .resultUnreadable, .resultGone, .resultNotUTF8, .notInS3: true
        default: false
        }
    }

    fileprivate var reasonAgainstS3: String {
        switch self {
        case .notInS3(let reason): reason
        case .resultGone(let location, let message): "there is no result object \(location) (\(message))"
        case .resultNotUTF8(let location, let offset):
            "the result object \(location), byte \(offset): the text is not valid UTF-8"
        case .resultUnreadable(let location, .service(let error, _)): "\(location) cannot be read: \(error)"
        case .resultUnreadable(let location, .transport(_, let error, _)): "\(location) cannot be read: \(error)"
        default: description
        }
    }
}
