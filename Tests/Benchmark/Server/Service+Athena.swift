import JSON
import Loopback

extension Service {
    private static let headers = [
        "Content-Type: application/x-amz-json-1.1", "x-amzn-RequestId: 00000000-0000-4000-8000-000000000000",
    ]

    func answerAthena(_ operation: String, _ request: LoopbackServer.Request, on connection: ServerConnection) -> Bool {
        do {
            let input = JSONField(try JSONValue(parsing: request.body))
            if operation == "GetQueryResults" { return try answerPage(input, on: connection) }
            return connection.answer(
                "200 OK", Self.headers, body: try answer(operation, input).serialized(pretty: false))
        } catch {
            return refuse("\(error)", on: connection)
        }
    }

    private func answerPage(_ input: JSONField, on connection: ServerConnection) throws(JSONError) -> Bool {
        let token = try input.optionalMember("NextToken")?.string()
        let maxResults = try input.optionalMember("MaxResults")?.integer() ?? 1000
        guard (1...1000).contains(maxResults) else { return refuse("MaxResults is 1 to 1000", on: connection) }
        var body = connection.output
        connection.output = []
        body.removeAll(keepingCapacity: true)
        defer { connection.output = body }
        let id = try input.optionalMember("QueryExecutionId")?.string() ?? ""
        if case .unload(_, let target)? = sent.statement(of: id) {
            let isManifest = try input.optionalMember("QueryResultType")?.string() == "DATA_MANIFEST"
            let page = unloadPage(places: isManifest ? unloaded.places(below: target) : [])
            return connection.answer("200 OK", Self.headers, body: page.serialized(pretty: false))
        }
        guard served(id).appendPage(token: token, maxResults: maxResults, to: &body) else {
            return refuse("Malformed nextPageToken", on: connection)
        }
        return connection.answer("200 OK", Self.headers, body: body)
    }

    /// The result of a query, which has no rows if it ends in `LIMIT 0`.
    func served(_ queryExecutionID: String) -> GeneratedResult {
        guard case .withoutRows? = sent.statement(of: queryExecutionID) else { return result }
        return GeneratedResult(result.table, rowCount: 0)
    }

    private func unloadPage(places: [String]) -> JSONValue {
        let column: JSONValue = [
            "Name": "rows", "Label": "rows", "Type": "bigint", "Precision": .integer(19), "Scale": .integer(0),
            "Nullable": "UNKNOWN",
        ]
        let rows = places.map { place -> JSONValue in ["Data": [["VarCharValue": .string(place)]]] }
        return [
            "ResultSet": ["ResultSetMetadata": ["ColumnInfo": [column]], "Rows": .array(rows)],
            "UpdateCount": .integer(result.rowCount),
        ]
    }

    private func refuse(_ message: String, on connection: ServerConnection) -> Bool {
        let body: JSONValue = ["__type": "InvalidRequestException", "Message": .string(message)]
        return connection.answer("400 Bad LoopbackServer.Request", Self.headers, body: body.serialized(pretty: false))
    }

    /// Every query succeeds at once, whatever its text.
    private func answer(_ operation: String, _ input: JSONField) throws(JSONError) -> JSONValue {
        switch operation {
        case "StartQueryExecution":
            let token = try input.optionalMember("ClientRequestToken")?.string() ?? ""
            let id = Self.executionID(forToken: token)
            sent.add(try input.optionalMember("QueryString")?.string() ?? "", id)
            return ["QueryExecutionId": .string(id)]
        case "GetQueryExecution":
            return ["QueryExecution": execution(try input.member("QueryExecutionId").string())]
        case "BatchGetQueryExecution":
            var executions: [JSONValue] = []
            for id in try input.member("QueryExecutionIds").elements() { executions.append(execution(try id.string())) }
            return ["QueryExecutions": .array(executions), "UnprocessedQueryExecutionIds": []]
        case "GetQueryRuntimeStatistics":
            return ["QueryRuntimeStatistics": ["Rows": ["OutputRows": .integer(result.rowCount)]]]
        case "GetWorkGroup":
            let configuration: JSONObject = [
                "ResultConfiguration": ["OutputLocation": .string(Self.resultsPrefix)],
                "EnforceWorkGroupConfiguration": .bool(false), "EngineVersion": engineVersion,
            ]
            return [
                "WorkGroup": ["Name": "primary", "State": "ENABLED", "Configuration": .object(configuration)]
            ]
        default: return [:]
        }
    }

    private func execution(_ id: String) -> JSONValue {
        let statement = sent.statement(of: id)
        var statistics: JSONObject = ["DataScannedInBytes": .integer(result.csvBytes)]
        var substatement: JSONValue = "SELECT"
        if case .unload? = statement {
            substatement = "UNLOAD"
            statistics["DataManifestLocation"] = .string("\(Self.resultsPrefix)\(id)\(Self.manifestSuffix)")
        }
        return [
            "QueryExecutionId": .string(id), "Query": .string(statement?.text ?? "SELECT * FROM test_rows"),
            "StatementType": "DML", "SubstatementType": substatement, "WorkGroup": "primary",
            "EngineVersion": engineVersion,
            "ResultConfiguration": ["OutputLocation": .string("\(Self.resultsPrefix)\(id).csv")],
            "QueryExecutionContext": ["Database": "default", "Catalog": "awsdatacatalog"],
            "Status": [
                "State": "SUCCEEDED", "SubmissionDateTime": .number("1.79E9"), "CompletionDateTime": .number("1.79E9"),
            ],
            "Statistics": .object(statistics),
        ]
    }

    private var engineVersion: JSONValue {
        ["SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"]
    }

    /// In the form of a UUID; the same token gives the same one (FNV-1a).
    private static func executionID(forToken token: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in token.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        let text = String(repeating: "0", count: 16 - digits.count) + digits
        return "\(text.prefix(8))-\(text.dropFirst(8).prefix(4))-4\(text.suffix(3))-8000-\(text.prefix(12))"
    }
}
