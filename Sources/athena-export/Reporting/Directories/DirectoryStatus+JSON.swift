import BatchExport
import JSON

/// The names are stable: schedulers and dashboards read them. Unknown values are `null`.
extension DirectoryStatus {
    var json: JSONValue {
        var object: JSONObject = [
            "table": .string(table), "directory": .string(directoryName),
            "write_mode": manifest.map { .string($0.writeMode.rawValue) } ?? .null,
            "rows": .integer(manifest?.rows ?? 0),
            "batches": .integer(manifest?.batches.count ?? 0), "bytes": .integer(manifest?.bytes ?? 0),
            "uncompressed_bytes": .integer(manifest?.uncompressedBytes ?? 0),
            "deleted_rows": .integer(manifest?.deletedRows ?? 0),
            "data_scanned_bytes": .integer(scannedBytes),
            "next_run": nextRun.map { .string($0.rawValue) } ?? .null,
        ]
        if let price, let cost {
            object["price_per_tb"] = .decimal(price.perTerabyte, digits: 6)
            object["cost"] = .decimal(cost, digits: 6)
        }
        object["cursor"] =
            state?.cursor.map {
                [
                    "column": .string($0.column), "next": $0.committed.map { .string($0.text) } ?? .null,
                    "type": $0.committed.map { .string($0.kind.rawValue) } ?? .null,
                ]
            } ?? .null
        object["runs"] = .array(runsWithBatches.map(json(of:_:)))
        object["unfinished"] = unfinished.map(json(ofUnfinished:)) ?? .null
        object["failed"] = failed.map(Self.json(ofFailed:)) ?? .null
        object["pending_upload"] = pendingUpload.map { .string($0) } ?? .null
        object["notes"] = .array(notes.map { .string($0) })
        return .object(object)
    }

    private func json(of run: Manifest.Run, _ batches: [Manifest.Batch]) -> JSONValue {
        var object: JSONObject = [
            "run_id": .string(run.runID), "status": .string(status(of: run)), "rows": .integer(run.rows),
            "duplicate_rows": .integer(run.duplicateRows), "rejected_rows": .integer(run.rejectedRows),
            "unchanged_rows": run.unchangedRows.map { .integer($0) } ?? .null,
            "deleted_rows": .integer(manifest?.deletedRows(of: run) ?? 0),
            "batches": .integer(batches.count), "bytes": .integer(batches.reduce(0) { $0 + $1.bytes }),
            "pruned": .bool(Self.isPruned(run, batches)), "source": .string(run.source),
            "source_note": run.sourceNote.map { .string($0) } ?? .null,
            "query_execution_id": .string(run.queryExecutionID),
            "started_at": .string(run.startedAt), "completed_at": run.completedAt.map { .string($0) } ?? .null,
            "data_scanned_bytes": run.dataScannedBytes.map { .integer($0) } ?? .null,
            "reused_previous_result": run.reusedPreviousResult.map { .bool($0) } ?? .null,
            "effective_engine_version": run.effectiveEngineVersion.map { .string($0) } ?? .null,
        ]
        if let price { object["cost"] = price.cost(of: run).map { .decimal($0, digits: 6) } ?? .null }
        object["cursor"] = run.cursor.map { Self.json(column: $0.column, from: $0.from, to: $0.to) } ?? .null
        return .object(object)
    }

    private func json(ofUnfinished state: ExportState) -> JSONValue {
        var object: JSONObject = [
            "run_id": .string(state.runID), "status": .string(activity.rawValue),
            "phase": .string(state.query == nil ? "starting" : "exporting"),
            "query_execution_id": state.query.map { .string($0.queryExecutionID) } ?? .null,
            "rows_exported": .integer(state.checkpoint.rowsExported),
            "deleted_rows": .integer(state.checkpoint.deletedRows),
            "next_batch": .integer(state.checkpoint.nextBatch), "started_at": .string(state.startedAt),
            "error": state.failure.map { .string($0) } ?? .null,
        ]
        if let cursor = state.cursor, let from = cursor.from, let end = state.cursorEnd {
            object["cursor"] = Self.json(column: cursor.column, from: from.text, to: end.text)
        } else {
            object["cursor"] = .null
        }
        return .object(object)
    }

    private static func json(ofFailed state: ExportState) -> JSONValue {
        [
            "run_id": .string(state.runID),
            "query_execution_id": state.query.map { .string($0.queryExecutionID) } ?? .null,
            "started_at": .string(state.startedAt), "error": state.failure.map { .string($0) } ?? .null,
        ]
    }

    private static func json(column: String, from: String, to: String) -> JSONValue {
        ["column": .string(column), "from": .string(from), "to": .string(to)]
    }
}
