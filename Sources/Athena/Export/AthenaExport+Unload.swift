import AWS
import BatchExport
import Logging

extension AthenaExport {
    /// Exports the rows that an UNLOAD has written, and then removes its objects.
    ///
    /// - Parameter early: for how long the count may be missing.
    func exportUnloadedRows(
        of execution: QueryExecution, _ sent: SentQuery, _ run: ExportState, early: EarlyAnswers
    ) async throws {
        guard let s3 = s3?.expecting(bucketOwner: execution.expectedBucketOwner), var unload = sent.unload else {
            throw CancellationError()
        }
        var run = run
        let rows: SentQuery.Rows
        if let known = unload.rows {
            rows = known
        } else {
            rows = try await UnloadedList(client: client, s3: s3, execution: execution, early: early)
                .rows(below: unload.target)
            unload.rows = rows
            var sent = sent
            sent.unload = unload
            run.sourceState = sent.json
            // Before the first batch: what is read from now on is of these versions of the objects.
            try await journal.save(run)
        }
        logger.info(
            "reading what the query has unloaded",
            metadata: [
                "event": "unload_listed", "objects": .stringConvertible(rows.objects.count),
                "bytes": .stringConvertible(rows.objects.reduce(0) { $0 + $1.size }), "target": "\(unload.target)",
            ])
        if let count = rows.count { report(.total(rows: count)) }
        let unloaded = UnloadedRows(
            objects: rows.objects, columns: sent.exportedColumns, reader: JSONLinesReader(forms: sent.forms),
            rowCount: rows.count, client: s3, sizes: options.ranges)
        let source = UnloadSource(unloaded, from: run.checkpoint)
        let exporter = await exporter(
            of: execution, run, source: source.name,
            note: rows.count == nil ? "Athena gave no number of rows to compare with" : nil)
        try await exporter.export(from: source, state: run)
        await warnOfDuplicates()
        await removeUnloadedObjects()
    }

    private func warnOfDuplicates() async {
        guard let duplicates = await journal.state?.checkpoint.duplicateRows, duplicates > 0 else { return }
        logger.warning(
            "\(duplicates) rows have the key of another row; with --source unload it is arbitrary which one stands",
            metadata: ["event": "duplicates_arbitrary", "duplicate_rows": .stringConvertible(duplicates)])
    }
}
