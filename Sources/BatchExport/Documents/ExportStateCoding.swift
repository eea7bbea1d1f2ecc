import JSON

extension ExportState {
    static let formatName = "athena-export/state"
    static let formatVersion = 1
    /// The longest page token that a source may give (Athena's model says 1024).
    static let maximumTokenLength = 1024

    private enum Status: String, CaseIterable {
        case running, succeeded, failed
    }

    private var status: Status {
        switch phase {
        case .starting, .exporting: .running
        case .succeeded: .succeeded
        case .failed: .failed
        }
    }

    private var clientRequestToken: String? {
        if case .starting(let token) = phase { token } else { query?.clientRequestToken }
    }

    func json(updatedAt: String) -> JSONValue {
        var position: JSONObject = [
            "page_token": checkpoint.bookmark.pageToken.map { .string($0) } ?? .null,
            "rows_into_page": .integer(checkpoint.bookmark.rowsIntoPage),
            "byte_offset": .integer(checkpoint.bookmark.object == nil ? checkpoint.bookmark.byteOffset : 0),
            "rows_exported": .integer(checkpoint.rowsExported),
            "duplicate_rows": .integer(checkpoint.duplicateRows),
            "rejected_rows": .integer(checkpoint.rejectedRows),
        ]
        if checkpoint.unchangedRows > 0 { position["unchanged_rows"] = .integer(checkpoint.unchangedRows) }
        if checkpoint.deletedRows > 0 { position["deleted_rows"] = .integer(checkpoint.deletedRows) }
        position["last_row_sha256"] = checkpoint.lastRowSHA256.map { .string($0) }
        if let object = checkpoint.bookmark.object {
            position["object"] = .integer(object)
            position["inflated_offset"] = .integer(checkpoint.bookmark.byteOffset)
        }
        position["etag"] = checkpoint.bookmark.etag.map { .string($0) }
        var document: JSONObject = [
            "format": .string(Self.formatName), "version": .integer(Self.formatVersion), "run_id": .string(runID),
            "status": .string(status.rawValue), "request_fingerprint": .string(request.fingerprint),
            "request": request.json,
            "client_request_token": clientRequestToken.map { .string($0) } ?? .null,
            "query_execution_id": query.map { .string($0.queryExecutionID) } ?? .null,
            "position": .object(position),
            "first_batch": .integer(firstBatch), "next_batch": .integer(checkpoint.nextBatch),
            "query_reruns": .integer(queryReruns),
            "started_at": .string(startedAt), "updated_at": .string(updatedAt),
        ]
        if isStoppingQuery { document["stopping_query"] = .bool(true) }
        document["failure"] = failure.map { .string($0) }
        document["stopped_query_execution_id"] = stoppedQueryExecutionID.map { .string($0) }
        document["pending_upload"] = pendingUpload.map { .string($0) }
        document["cursor"] = cursor?.json(seen: checkpoint.highestCursor)
        document["source_state"] = sourceState
        return .object(document)
    }

    init(parsing bytes: [UInt8]) throws(JSONError) {
        let root = JSONField(try JSONValue(parsing: bytes))
        try root.checkFormat(Self.formatName, version: Self.formatVersion)
        runID = try root.member("run_id").nonEmptyString()
        request = try ExportRequest(try root.member("request"))
        try root.member("request_fingerprint").expect(request.fingerprint)
        startedAt = try root.member("started_at").nonEmptyString()
        _ = try root.member("updated_at").nonEmptyString()
        firstBatch = try root.member("first_batch").count(atLeast: 1)
        queryReruns = try root.optionalMember("query_reruns")?.count() ?? 0
        isStoppingQuery = try root.optionalMember("stopping_query")?.bool() ?? false
        failure = try root.optionalMember("failure")?.string()
        stoppedQueryExecutionID = try root.optionalMember("stopped_query_execution_id")?.nonEmptyString()
        pendingUpload = try root.optionalMember("pending_upload")?.nonEmptyString()
        cursor = try root.optionalMember("cursor").map { (field) throws(JSONError) in try CursorState(field) }
        sourceState = try root.optionalMember("source_state")?.value
        phase = try Self.phase(root, checkpoint: try Checkpoint(root, firstBatch: firstBatch))
    }

    private static func phase(_ root: JSONField, checkpoint: Checkpoint) throws(JSONError) -> Phase {
        let status = try root.member("status").choice(Status.self)
        let token = try root.optionalMember("client_request_token")?.nonEmptyString()
        guard let queryExecutionID = try root.optionalMember("query_execution_id")?.nonEmptyString() else {
            if status == .failed { return .failed(nil) }
            guard status == .running, checkpoint.isAtStart, let token else {
                throw .field(
                    path: "query_execution_id", expected: "an id, since status is \(status.rawValue)", found: "nothing")
            }
            return .starting(clientRequestToken: token)
        }
        let query = QueryIdentity(clientRequestToken: token, queryExecutionID: queryExecutionID)
        return switch status {
        case .running: .exporting(query, checkpoint)
        case .succeeded: .succeeded(query, checkpoint)
        case .failed: .failed(query)
        }
    }
}

extension Checkpoint {
    fileprivate init(_ root: JSONField, firstBatch: Int) throws(JSONError) {
        let position = try root.member("position")
        let token = try position.optionalMember("page_token")
        if let length = try token?.string().utf8.count, length > ExportState.maximumTokenLength {
            throw .field(
                path: "position.page_token", expected: "at most \(ExportState.maximumTokenLength) characters",
                found: "\(length)")
        }
        let object = try position.optionalMember("object")?.count()
        let offset = try position.member(object == nil ? "byte_offset" : "inflated_offset").count()
        self.init(
            bookmark: Bookmark(
                pageToken: try token?.string(),
                rowsIntoPage: try position.member("rows_into_page").count(),
                object: object, byteOffset: offset,
                etag: try position.optionalMember("etag")?.string()),
            rowsExported: try position.member("rows_exported").count(),
            duplicateRows: try position.member("duplicate_rows").count(),
            rejectedRows: try position.member("rejected_rows").count(),
            nextBatch: try root.member("next_batch").count(atLeast: firstBatch),
            lastRowSHA256: try position.optionalMember("last_row_sha256")?.sha256(),
            highestCursor: try root.optionalMember("cursor")?.optionalMember("pending").map {
                (field) throws(JSONError) in try CursorValue(field)
            })
        unchangedRows = try position.optionalMember("unchanged_rows")?.count() ?? 0
        deletedRows = try position.optionalMember("deleted_rows")?.count() ?? 0
        // On the first page, the rows before the bookmark are all that there are.
        let isConsistent =
            bookmark.pageToken == nil ? bookmark.rowsIntoPage == rowsExported : bookmark.rowsIntoPage <= rowsExported
        guard duplicateRows + rejectedRows + unchangedRows <= rowsExported,
            isConsistent || bookmark.byteOffset > 0 || bookmark.object ?? 0 > 0
        else {
            throw .field(
                path: "position.rows_exported", expected: "a number that fits the rows counted beside it",
                found: "\(rowsExported)")
        }
    }
}
