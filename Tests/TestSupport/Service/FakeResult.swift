import Foundation
package import JSON

/// The result of a ``FakeAthena``, made row by row on request.
package struct FakeResult: Sendable {
    package var columns: [(name: String, type: String)]
    package var rowCount: Int
    /// The values of a data row, counted from 0; nil is NULL.
    package var row: @Sendable (Int) -> [String?]
    package var hasHeaderRow = true
    /// The statement that GetQueryExecution gives back.
    package var query = "SELECT * FROM test_rows"
    /// Rows of a page, the header row included; the request may ask for fewer.
    package var pageRows = 1000
    /// Pages, counted from 0, that come without rows though more follow.
    package var emptyPages: Set<Int> = []
    /// The answers to successive calls of GetQueryExecution; the last one is repeated.
    package var states = ["QUEUED", "RUNNING", "SUCCEEDED"]
    package var stateChangeReason: String?
    /// Whether a query ends CANCELLED once it is stopped. If not, it was finished before.
    package var canBeStopped = true
    /// How many of the first executions end FAILED.
    package var failedExecutions = 0
    /// The AthenaError of executions that ended FAILED.
    package var athenaError: JSONValue?
    package var statementType = "DML"
    package var substatementType = "SELECT"
    /// Answers for executions that were not started here.
    package var knowsEveryExecution = false
    /// The location of the result object in answers.
    package var outputLocation: String?
    package var encryptionOption: String?
    /// The owner of the result object's bucket in answers.
    package var expectedBucketOwner: String?
    /// What the service says of the engine, and of whether the result is that of an earlier query.
    package var effectiveEngineVersion: String?
    package var reusedPreviousResult: Bool?
    /// What GetWorkGroup says beside the name; members of WorkGroup.
    package var workGroup: JSONObject = [
        "State": "ENABLED",
        "Configuration": [
            "ResultConfiguration": ["OutputLocation": "s3://results/exports/"],
            "EnforceWorkGroupConfiguration": .bool(false),
            "EngineVersion": ["EffectiveEngineVersion": "Athena engine version 3"],
        ],
    ]
    /// Seconds that a request's time may differ from the service's; nil for no check.
    package var clockTolerance: Double?
    /// Tokens that the service has forgotten.
    package var refusesTokens = false
    /// Rows that the statement has written; nil if the service does not say.
    package var updateCount: Int? = 0
    /// The places of the objects that the statement has written, as DATA_MANIFEST gives them; nil if it gives none.
    package var dataManifest: [String]?
    /// Where the service says that the list of those objects is.
    package var dataManifestLocation: String?

    package init(
        columns: [(name: String, type: String)] = FakeResult.customerColumns, rowCount: Int,
        row: @escaping @Sendable (Int) -> [String?] = FakeResult.customer
    ) {
        self.columns = columns
        self.rowCount = rowCount
        self.row = row
    }

    func workGroup(named name: String) -> JSONValue {
        var group = workGroup
        group["Name"] = .string(name)
        return .object(group)
    }

    package static let customerColumns = ["customer_id", "first_name", "last_name", "email"].map {
        (name: $0, type: "varchar")
    }

    package static func customer(_ number: Int) -> [String?] {
        let id = String(1_000_000 + number)
        return [
            "c\(id)", number % 7 == 0 ? nil : "First\(number % 97)", "Last, \"\(number % 89)\"", "u\(id)@example.com",
        ]
    }

    /// One page of the answer; nil for a token that was never given out.
    func page(token: String?, maxResults: Int) -> [UInt8]? {
        guard let (page, start) = Self.position(of: token), token == nil || !refusesTokens else { return nil }
        let capacity = min(pageRows, maxResults)
        let isEmpty = emptyPages.contains(page)
        let includesHeader = token == nil && hasHeaderRow && !isEmpty
        let taken = isEmpty ? 0 : max(0, min(capacity - (includesHeader ? 1 : 0), rowCount - start))
        // The service gives a token with every full page, so the last page can be empty.
        let isFull = isEmpty || taken + (includesHeader ? 1 : 0) == capacity
        var rows = (start..<start + taken).map(row)
        if includesHeader { rows.insert(columns.map(\.name), at: 0) }
        let next = isFull ? Self.token(page: page + 1, row: start + taken) : nil
        return Self.body(rows, columns: columns, nextToken: next, updateCount: updateCount)
    }

    /// The answer with the objects that a statement has written; nil if it has written none that are known.
    func manifestPage() -> [UInt8]? {
        dataManifest.map { Self.body($0.map { [$0] }, columns: [("path", "varchar")], nextToken: nil) }
    }

    /// A hundred characters that look like base64, as the service's do.
    static func token(page: Int, row: Int) -> String {
        let text = "\(page) \(row) "
        return Data((text + String(repeating: ".", count: 75 - text.count)).utf8).base64EncodedString()
    }

    private static func position(of token: String?) -> (page: Int, row: Int)? {
        guard let token else { return (0, 0) }
        guard let data = Data(base64Encoded: token) else { return nil }
        let parts = String(decoding: data, as: UTF8.self).split(separator: " ")
        guard parts.count == 3, let page = Int(parts[0]), let row = Int(parts[1]) else { return nil }
        return (page, row)
    }

    /// Members and their order as recorded on the live service, the undocumented doubles included.
    static func body(
        _ rows: [[String?]], columns: [(name: String, type: String)], nextToken: String?, updateCount: Int? = 0
    ) -> [UInt8] {
        var body: [UInt8] = Array("{".utf8)
        if let nextToken {
            body += Array("\"NextToken\":".utf8)
            body.appendJSONString(nextToken)
            body.append(UInt8(ascii: ","))
        }
        let info = JSONValue.array(
            columns.map { column -> JSONValue in
                let (type, digits) = parts(ofType: column.type)
                return [
                    "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": .string(column.name),
                    "Label": .string(column.name), "Type": .string(type),
                    "Precision": .integer(digits.first ?? 2_147_483_647), "Scale": .integer(digits.last ?? 0),
                    "Nullable": "UNKNOWN", "CaseSensitive": .bool(true),
                ]
            }
        ).serialized(pretty: false)
        body += Array("\"ResultSet\":{\"ColumnInfos\":".utf8) + info + Array(",\"ResultRows\":[".utf8)
        append(rows, to: &body, open: "{\"Data\":[", close: "]}") { value, body in
            if let value { body.appendJSONString(value) } else { body += Array("null".utf8) }
        }
        body += Array("],\"ResultSetMetadata\":{\"ColumnInfo\":".utf8) + info + Array("},\"Rows\":[".utf8)
        append(rows, to: &body, open: "{\"Data\":[", close: "]}") { value, body in
            body += Array("{".utf8)
            if let value {
                body += Array("\"VarCharValue\":".utf8)
                body.appendJSONString(value)
            }
            body += Array("}".utf8)
        }
        body += Array("]}\(updateCount.map { ",\"UpdateCount\":\($0)" } ?? "")}".utf8)
        return body
    }

    /// `decimal(38,10)` as name and digits.
    private static func parts(ofType type: String) -> (name: String, digits: [Int]) {
        let parts = type.split(whereSeparator: { "(,)".contains($0) })
        return (String(parts[0]), parts.dropFirst().compactMap { Int($0) })
    }

    private static func append(
        _ rows: [[String?]], to body: inout [UInt8], open: String, close: String,
        value append: (String?, inout [UInt8]) -> Void
    ) {
        for (index, row) in rows.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += Array(open.utf8)
            for (column, value) in row.enumerated() {
                if column > 0 { body.append(UInt8(ascii: ",")) }
                append(value, &body)
            }
            body += Array(close.utf8)
        }
    }
}
