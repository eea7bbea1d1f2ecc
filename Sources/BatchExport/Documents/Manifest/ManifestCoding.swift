import JSON
import SystemPackage

extension Manifest {
    static let formatName = "athena-export/manifest"
    /// The newest version that is read and written.
    static let formatVersion = 2

    /// A reader that knows version 1 alone would expect every column in every file, and no key to go.
    private var version: Int { tableColumns.contains { $0.sinceBatch != nil } || !deletes.isEmpty ? 2 : 1 }

    var json: JSONValue {
        var document: JSONObject = [
            "format": .string(Self.formatName), "version": .integer(version),
            "table": .string(table), "write_mode": .string(writeMode.rawValue),
            "primary_key": .array(primaryKey.map { .string($0) }),
            "file_format": .string(fileFormat.rawValue), "compression": "gzip",
            "columns": .array(tableColumns.map { $0.json(isKey: primaryKey.contains($0.column.name)) }),
            "totals": [
                "batches": .integer(batches.count), "rows": .integer(rows), "bytes": .integer(bytes),
                "uncompressed_bytes": .integer(uncompressedBytes),
            ],
            "runs": .array(runs.map(\.json)),
            "batches": .array(batches.map(\.json)),
        ]
        if !deletes.isEmpty { document["deletes"] = .array(deletes.map(\.json)) }
        if !pruned.isEmpty {
            document["pruned"] = .array(
                pruned.map { ["first": .integer($0.lowerBound), "last": .integer($0.upperBound)] })
        }
        return .object(document)
    }

    /// Reads a manifest and checks its parts against each other: version, paths, order, totals.
    ///
    /// - Parameter expected: the table that it must be of; nil for any.
    init(parsing bytes: [UInt8], table expected: String? = nil) throws(JSONError) {
        let root = JSONField(try JSONValue(parsing: bytes))
        try root.checkFormat(Self.formatName, version: Self.formatVersion)
        try root.member("compression").expect("gzip")
        self.init(
            table: try root.member("table").string(),
            primaryKey: try root.member("primary_key").strings(),
            fileFormat: try root.member("file_format").choice(FileFormat.self),
            columns: try root.member("columns").elements().map { (field) throws(JSONError) in try TableColumn(field) },
            runs: try root.member("runs").elements().map { (field) throws(JSONError) in try Run(field) },
            batches: try root.member("batches").elements().map { (field) throws(JSONError) in try Batch(field) },
            deletes: try root.optionalMember("deletes")?.elements().map { (field) throws(JSONError) in
                try Deletes(field)
            } ?? [],
            pruned: try Self.pruned(root))
        try check(try root.member("table"), expected: expected)
        try checkMode(root)
        try checkColumns(root)
        try check(root)
    }

    private func check(_ field: JSONField, expected: String?) throws(JSONError) {
        if let expected { try field.expect(expected) }
        guard ExportDirectory.isTableName(table) else {
            throw .field(path: field.path, expected: "the name of a table", found: "something else")
        }
    }

    private func checkMode(_ root: JSONField) throws(JSONError) {
        let mode = try root.member("write_mode").choice(WriteMode.self)
        guard mode == writeMode else {
            throw .field(
                path: "primary_key", expected: mode == .append ? "no column, as write_mode is append" : "a column",
                found: primaryKey.isEmpty ? "none" : "one")
        }
        guard mode == .upsert || deletes.isEmpty else {
            throw .field(path: "deletes", expected: "nothing, as write_mode is append", found: "some")
        }
    }

    private func checkColumns(_ root: JSONField) throws(JSONError) {
        if let fault = SchemaFault(columns, primaryKey: primaryKey) {
            throw .field(
                path: "columns", expected: "columns that files can have, with those of the key", found: fault.problem)
        }
        var previous: Int?
        for (index, table) in tableColumns.enumerated() {
            func problem(_ expected: String) -> JSONError {
                .field(
                    path: "columns[\(index)].since_batch", expected: expected,
                    found: table.sinceBatch.map(String.init) ?? "none")
            }
            guard table.sinceBatch ?? 0 >= previous ?? 0 else {
                throw problem("at least \(previous ?? 0), as the column before it has")
            }
            guard table.sinceBatch == nil || !primaryKey.contains(table.column.name) else {
                throw problem("none, as it is a column of the key")
            }
            previous = table.sinceBatch
        }
        guard version <= (try root.member("version").integer()) else {
            let reason = previous == nil ? "there are deletes" : "a column has since_batch"
            throw .field(path: "version", expected: "2, as \(reason)", found: "1")
        }
    }

    private static func pruned(_ root: JSONField) throws(JSONError) -> [ClosedRange<Int>] {
        var pruned: [ClosedRange<Int>] = []
        for field in try root.optionalMember("pruned")?.elements() ?? [] {
            let first = try field.member("first").count(atLeast: (pruned.last?.upperBound ?? 0) + 1)
            pruned.append(first...(try field.member("last").count(atLeast: first)))
        }
        return pruned
    }

    private func check(_ root: JSONField) throws(JSONError) {
        let directory = ExportDirectory(parent: "", table: table)
        try check(batches.map { .rows($0) }, named: "batches", in: directory)
        try check(deletes.map { .deletes($0) }, named: "deletes", in: directory)
        for (index, batch) in batches.enumerated() {
            // Built only for an error, since there are many batches.
            func problem(_ member: String, _ expected: String, _ found: String) -> JSONError {
                .field(path: "batches[\(index)]\(member)", expected: expected, found: found)
            }
            guard batch.lastRow - batch.firstRow + 1 == batch.rowsRead else {
                throw problem(
                    "", "rows, duplicates, rejects and unchanged rows that add up to first_row…last_row",
                    "\(batch.rows) + \(batch.duplicateRows) + \(batch.rejectedRows) + \(batch.unchangedRows ?? 0)")
            }
        }
        let totals = try root.member("totals")
        try totals.member("batches").expect(batches.count)
        try totals.member("rows").expect(rows)
        try totals.member("bytes").expect(bytes)
        try totals.member("uncompressed_bytes").expect(uncompressedBytes)
    }
}

extension Manifest.TableColumn {
    fileprivate func json(isKey: Bool) -> JSONValue {
        var object: JSONObject = [
            "name": .string(column.name), "athena_type": .string(column.sourceType),
            "type": .string(column.type.rawValue),
        ]
        object["precision"] = column.precision.map { .integer($0) }
        object["scale"] = column.scale.map { .integer($0) }
        object["nullable"] = .bool(!isKey)
        object["since_batch"] = sinceBatch.map { .integer($0) }
        return .object(object)
    }

    fileprivate init(_ field: JSONField) throws(JSONError) {
        _ = try field.member("nullable").bool()
        column = Column(
            name: try field.member("name").string(), sourceType: try field.member("athena_type").string(),
            type: try field.member("type").choice(ColumnType.self),
            precision: try field.optionalMember("precision")?.count(),
            scale: try field.optionalMember("scale")?.count())
        sinceBatch = try field.optionalMember("since_batch")?.count(atLeast: 1)
    }
}

extension Manifest.Run {
    var json: JSONValue {
        var object: JSONObject = [
            "run_id": .string(runID), "status": .string(status.rawValue),
            "query_execution_id": .string(queryExecutionID), "query_sha256": .string(querySHA256),
            "source": .string(source),
        ]
        object["source_note"] = sourceNote.map { .string($0) }
        object["started_at"] = .string(startedAt)
        object["completed_at"] = completedAt.map { .string($0) } ?? .null
        object["rows"] = .integer(rows)
        object["duplicate_rows"] = .integer(duplicateRows)
        object["rejected_rows"] = .integer(rejectedRows)
        object["unchanged_rows"] = unchangedRows.map { .integer($0) }
        object["data_scanned_bytes"] = dataScannedBytes.map { .integer($0) } ?? .null
        object["reused_previous_result"] = reusedPreviousResult.map { .bool($0) }
        object["effective_engine_version"] = effectiveEngineVersion.map { .string($0) }
        if queryReruns > 0 { object["query_reruns"] = .integer(queryReruns) }
        object["cursor"] = cursor?.json
        object["parameters_sha256"] = parametersSHA256.map { .string($0) }
        object["catalog"] = catalog.map { .string($0) }
        object["database"] = database.map { .string($0) }
        object["first_batch"] = firstBatch.map { .integer($0) }
        return .object(object)
    }

    init(_ field: JSONField) throws(JSONError) {
        runID = try field.member("run_id").nonEmptyString()
        status = try field.member("status").choice(Status.self)
        queryExecutionID = try field.member("query_execution_id").nonEmptyString()
        querySHA256 = try field.member("query_sha256").string()
        source = try field.member("source").nonEmptyString()
        sourceNote = try field.optionalMember("source_note")?.string()
        startedAt = try field.member("started_at").nonEmptyString()
        completedAt = try field.optionalMember("completed_at")?.nonEmptyString()
        rows = try field.member("rows").count()
        duplicateRows = try field.member("duplicate_rows").count()
        rejectedRows = try field.member("rejected_rows").count()
        unchangedRows = try field.optionalMember("unchanged_rows")?.count()
        dataScannedBytes = try field.optionalMember("data_scanned_bytes")?.integer(atLeast: 0)
        reusedPreviousResult = try field.optionalMember("reused_previous_result")?.bool()
        effectiveEngineVersion = try field.optionalMember("effective_engine_version")?.string()
        queryReruns = try field.optionalMember("query_reruns")?.count() ?? 0
        cursor = try field.optionalMember("cursor").map { (field) throws(JSONError) in try Cursor(field) }
        parametersSHA256 = try field.optionalMember("parameters_sha256")?.sha256()
        catalog = try field.optionalMember("catalog")?.string()
        database = try field.optionalMember("database")?.string()
        firstBatch = try field.optionalMember("first_batch")?.count(atLeast: 1)
    }
}

extension Manifest.Batch {
    var json: JSONValue {
        var object: JSONObject = [
            "sequence": .integer(sequence), "run_id": .string(runID), "path": .string(path), "rows": .integer(rows),
            "duplicate_rows": .integer(duplicateRows), "rejected_rows": .integer(rejectedRows),
        ]
        object["unchanged_rows"] = unchangedRows.map { .integer($0) }
        object["bytes"] = .integer(bytes)
        object["uncompressed_bytes"] = .integer(uncompressedBytes)
        object["sha256"] = .string(sha256)
        object["first_row"] = .integer(firstRow)
        object["last_row"] = .integer(lastRow)
        return .object(object)
    }

    init(_ field: JSONField) throws(JSONError) {
        sequence = try field.member("sequence").count(atLeast: 1)
        runID = try field.member("run_id").nonEmptyString()
        path = try field.member("path").nonEmptyString()
        rows = try field.member("rows").count()
        duplicateRows = try field.member("duplicate_rows").count()
        rejectedRows = try field.member("rejected_rows").count()
        unchangedRows = try field.optionalMember("unchanged_rows")?.count()
        bytes = try field.member("bytes").count()
        uncompressedBytes = try field.member("uncompressed_bytes").count()
        sha256 = try field.member("sha256").sha256()
        firstRow = try field.member("first_row").count(atLeast: 1)
        lastRow = try field.member("last_row").count(atLeast: 1)
    }
}
