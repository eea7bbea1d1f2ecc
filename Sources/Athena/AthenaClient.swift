package import AWS
import BatchExport
import HTTPTransport
import JSON
import Text

/// The operations of Athena's API that an export needs (API version 2017-05-18).
package struct AthenaClient: Sendable {
    private let client: AWSJSONClient
    private let knownColumns = KnownColumns()
    /// Most bytes of an answer with a page.
    let pageBytes: Int

    /// A value may have 32 MB, so a page can be large; it must not be larger than memory.
    package static let standardPageBytes = 512 << 20

    /// - Parameter pageBytes: the most that the answer with a page of rows may have; a larger page is requested again
    ///   with fewer rows.
    package init(_ client: AWSJSONClient, pageBytes: Int = standardPageBytes) {
        self.client = client
        self.pageBytes = pageBytes
    }

    /// Starts a query, or finds the one that was started with the same token.
    ///
    /// - Returns: the QueryExecutionId.
    func startQueryExecution(_ query: AthenaQuery, clientRequestToken: String) async throws -> String {
        try await client.call("StartQueryExecution", query.request(clientRequestToken: clientRequestToken)) {
            response in
            try Self.decode(response, of: "StartQueryExecution") { (body) throws(JSONError) in
                let field = try JSONField(try JSONValue(parsing: body)).member("QueryExecutionId")
                let id = try field.string()
                guard Self.isQueryExecutionID(id) else {
                    throw field.mismatch("an id of 1 to 128 visible ASCII characters")
                }
                return id
            }
        }
    }

    /// Whether a text can be an execution's id: 1 to 128 visible ASCII characters.
    package static func isQueryExecutionID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.isVisibleASCII
    }

    func getQueryExecution(_ queryExecutionID: String) async throws -> QueryExecution {
        try await client.call("GetQueryExecution", ["QueryExecutionId": .string(queryExecutionID)]) { response in
            try Self.decode(response, of: "GetQueryExecution") { (body) throws(JSONError) in
                let execution = try QueryExecution(parsing: body)
                guard execution.queryExecutionID == queryExecutionID else {
                    throw .field(
                        path: "QueryExecution.QueryExecutionId", expected: "the requested id",
                        found: "another one")
                }
                return execution
            }
        }
    }

    /// - Parameter onNextToken: gets the next page's token while this page still arrives, if it stands before the rows.
    func getQueryResults(
        _ queryExecutionID: String, nextToken: String?, maxRows: Int,
        onNextToken: (@Sendable (String) -> Void)? = nil
    ) async throws -> ResultsAnswer {
        var request: JSONObject = [
            "QueryExecutionId": .string(queryExecutionID), "MaxResults": .integer(maxRows),
        ]
        request["NextToken"] = nextToken.map { .string($0) }
        let onBody = onNextToken.map { report in
            { @Sendable (body: Span<UInt8>) in LeadingNextToken.look(in: body, report) }
        }
        return try await client.call(
            "GetQueryResults", .object(request), limits: HTTPLimits(bodyBytes: pageBytes), onBody: onBody
        ) { [knownColumns] response in
            try Self.decode(response, of: "GetQueryResults") { (body) throws(JSONError) in
                try ResultsAnswer(parsing: body, knownColumns: knownColumns)
            }
        }
    }

    private func stopQueryExecution(_ queryExecutionID: String) async throws {
        try await client.call("StopQueryExecution", ["QueryExecutionId": .string(queryExecutionID)]) { _ in }
    }

    /// Stops a query whose result is not wanted any more.
    ///
    /// - Throws: also if the service has not answered within the limit.
    func stopQueryExecution(_ queryExecutionID: String, within limit: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await stopQueryExecution(queryExecutionID) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw CancellationError()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// The service's own count of the result's rows; nil if it gives none. Requested once, since it only informs.
    func outputRows(_ queryExecutionID: String) async throws -> Int? {
        try await client.call(
            "GetQueryRuntimeStatistics", ["QueryExecutionId": .string(queryExecutionID)], isRepeated: false
        ) { response in
            try Self.decode(response, of: "GetQueryRuntimeStatistics") { (body) throws(JSONError) in
                let statistics = try JSONField(try JSONValue(parsing: body)).optionalMember("QueryRuntimeStatistics")
                return try statistics?.optionalMember("Rows")?.optionalMember("OutputRows")?.integer(atLeast: 0)
            }
        }
    }

    /// The group that queries run in where none is named.
    package static let standardWorkGroup = "primary"

    /// Describes a work group. Asked once: a run works without the answer.
    package func workGroup(_ name: String) async throws -> WorkGroup {
        try await client.call("GetWorkGroup", ["WorkGroup": .string(name)], isRepeated: false) { response in
            try Self.decode(response, of: "GetWorkGroup") { (body) throws(JSONError) in try WorkGroup(parsing: body) }
        }
    }

    /// How many rows a statement has written; nil if the service does not say.
    func updateCount(_ queryExecutionID: String) async throws -> Int? {
        try await client.call(
            "GetQueryResults", ["QueryExecutionId": .string(queryExecutionID), "MaxResults": .integer(1)]
        ) { response in
            try Self.decode(response, of: "GetQueryResults") { (body) throws(JSONError) in
                try JSONField(try JSONValue(parsing: body)).optionalMember("UpdateCount")?.integer(atLeast: 0)
            }
        }
    }

    /// The places of the objects that a statement has written, as rows of a result (`DATA_MANIFEST`).
    func dataManifest(_ queryExecutionID: String) async throws -> [String] {
        var lines: [String] = []
        var token: String?
        var tokens: Set<String> = []
        repeat {
            var request: JSONObject = [
                "QueryExecutionId": .string(queryExecutionID), "QueryResultType": "DATA_MANIFEST",
                "MaxResults": .integer(PageSize.maximum),
            ]
            request["NextToken"] = token.map { .string($0) }
            let page = try await client.call("GetQueryResults", .object(request)) { response in
                try Self.decode(response, of: "GetQueryResults") { (body) throws(JSONError) in
                    try ManifestPage(parsing: body)
                }
            }
            // A first row that names its column has been seen in other results.
            lines += token == nil && page.lines.first?.hasPrefix("s3://") == false ? page.lines[1...] : page.lines[...]
            token = page.nextToken
            if let token, !tokens.insert(token).inserted { throw AthenaExportError.repeatedPageToken }
        } while token != nil
        return lines
    }

    private static func decode<Answer>(
        _ response: consuming HTTPResponse, of operation: String,
        _ parse: (consuming [UInt8]) throws(JSONError) -> Answer
    ) throws(AthenaExportError) -> Answer {
        let headers = response.headers
        do {
            return try parse(response.takeBody())
        } catch {
            throw .malformedAnswer(
                operation: operation, origin: headers[ReplayTransport.originHeader],
                requestID: headers["x-amzn-RequestId"], error)
        }
    }
}

/// A page of the list of objects that a statement has written.
private struct ManifestPage {
    let lines: [String]
    let nextToken: String?

    init(parsing body: [UInt8]) throws(JSONError) {
        let answer = JSONField(try JSONValue(parsing: body))
        var lines: [String] = []
        for row in try answer.optionalMember("ResultSet")?.optionalMember("Rows")?.elements() ?? [] {
            guard let first = try row.member("Data").elements().first else { continue }
            lines.append(try first.member("VarCharValue").string())
        }
        self.lines = lines
        nextToken = try answer.optionalMember("NextToken")?.string()
    }
}
