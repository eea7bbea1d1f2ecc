@testable import Athena
import BatchExport
import Foundation
import HTTPTransport
import JSON
import Testing
import TestSupport

/// Answers of the service with all members that an export reads.
private enum Good {
    static let execution: JSONValue = [
        "QueryExecution": [
            "QueryExecutionId": "q", "Query": "SELECT 1", "StatementType": "DML", "SubstatementType": "SELECT",
            "Status": [
                "State": "SUCCEEDED", "StateChangeReason": "done",
                "AthenaError": [
                    "ErrorCategory": .integer(1), "ErrorType": .integer(2), "Retryable": .bool(false),
                    "ErrorMessage": "text",
                ],
            ],
            "ResultConfiguration": ["OutputLocation": "s3://bucket/q.csv"],
            "Statistics": ["DataScannedInBytes": .integer(4096)],
        ]
    ]

    static let page: JSONValue = [
        "NextToken": "t",
        "ResultSet": [
            "ResultSetMetadata": [
                "ColumnInfo": [
                    ["Name": "customer_id", "Type": "decimal", "Precision": .integer(38), "Scale": .integer(10)]
                ]
            ],
            "Rows": [["Data": [["VarCharValue": "x"]]]],
        ],
    ]
}

@Suite(.limitedConcurrency) struct `Spoilt answers` {
    @Test(arguments: JSONDefect.all) func `a spoilt answer is refused with the byte at which it is spoilt`(
        _ defect: JSONDefect
    ) throws {
        let execution = defect.apply(Good.execution.serialized(pretty: false))
        let error = #expect(throws: JSONError.self) { try QueryExecution(parsing: execution) }
        #expect("\(try #require(error))".hasPrefix("byte "))
        // Members of a page other than rows, columns and token are skipped without a check.
        let page = defect.apply(Good.page.serialized(pretty: false))
        _ = try? ResultsAnswer(parsing: page)
    }

    /// An export works without these.
    private static let optional: Set<String> = [
        "Query", "StatementType", "SubstatementType", "Status.StateChangeReason", "Status.AthenaError",
        "Status.AthenaError.ErrorCategory", "Status.AthenaError.ErrorType", "Status.AthenaError.Retryable",
        "Status.AthenaError.ErrorMessage", "ResultConfiguration", "ResultConfiguration.OutputLocation", "Statistics",
        "Statistics.DataScannedInBytes",
    ]

    @Test func `a spoilt answer about an execution is refused by the member that is wrong`() throws {
        let mutations = JSONMutation.all(of: Good.execution)
        #expect(mutations.count > 80)
        for mutation in mutations {
            let member = mutation.path.replacingOccurrences(of: "QueryExecution.", with: "")
            let isAbsent = mutation.name.hasSuffix("missing") || mutation.name.hasSuffix("null")
            // An unknown category or type is a number all the same.
            let isNumber = member.hasPrefix("Status.AthenaError.Error") && mutation.name.hasSuffix("-1")
            guard !(isAbsent && Self.optional.contains(member)), !isNumber else {
                #expect(throws: Never.self, "\(mutation)") { try QueryExecution(parsing: mutation.text) }
                continue
            }
            let error = #expect(throws: JSONError.self, "\(mutation)") { try QueryExecution(parsing: mutation.text) }
            #expect("\(error as Any)".contains(mutation.path), "\(mutation): \(error as Any)")
        }
    }

    @Test func `a spoilt page is refused, or has a meaning that is known`() throws {
        for mutation in JSONMutation.all(of: Good.page) {
            let isAbsent = mutation.name.hasSuffix("missing") || mutation.name.hasSuffix("null")
            let isScalar = !mutation.name.hasSuffix("an array") && !mutation.name.hasSuffix("an object")
            let page = try? ResultsAnswer(parsing: mutation.text)
            switch mutation.path {
            // No rows, no more pages, NULL; or a value of one of the other three kinds.
            case "NextToken" where isAbsent: #expect(page?.nextToken == nil && page?.rows.rowCount == 1)
            case "ResultSet" where isAbsent, "ResultSet.Rows" where isAbsent: #expect(page?.rows.rowCount == 0)
            case "ResultSet.Rows[0].Data" where isAbsent, "ResultSet.Rows[0].Data[0].VarCharValue" where isAbsent:
                #expect(page?.rows.cells.map(\.isNull) == [true], "\(mutation)")
            case "ResultSet.Rows[0].Data[0].VarCharValue" where isScalar:
                #expect(page?.rows.rowCount == 1, "\(mutation)")
            case let path where isAbsent && (path.hasSuffix("Precision") || path.hasSuffix("Scale")):
                #expect(page?.columns.count == 1)
            // Without columns there are no rows either, as in the answer to MSCK REPAIR TABLE.
            case "ResultSet.ResultSetMetadata", "ResultSet.ResultSetMetadata.ColumnInfo":
                #expect(page == nil || page?.columns.isEmpty == true && page?.rows.rowCount == 0, "\(mutation)")
            default: #expect(page == nil, "\(mutation)")
            }
        }
    }

    @Test(arguments: [
        #"{"Data":[{"VarCharValue":"a","VarCharValue":"b"}]}"#, #"{"Data":[{"BigIntValue":1,"VarCharValue":"1"}]}"#,
        #"{"Data":[{"VarCharValue":"a"}],"Data":[{"VarCharValue":"b"}]}"#,
        #"{"x":1,"Data":[],"Data":[{"VarCharValue":"b"}]}"#, #"{"Data":[{"VarCharValue":{}}]}"#,
        #"{"Data":[{"VarCharValue":[]}]}"#, #"{"Data":[null]}"#, #"{"Data":["x"]}"#, #"["x"]"#, "null", #""x""#,
        #"{"Data":{}}"#, #"{"Data":[{},{}]}"#, #"{"Data":[{"DoubleValue":1e}]}"#, #"{"Data":[{"BooleanValue":yes}]}"#,
        #"{"Data":[{"VarCharValue":"\x"}]}"#, "{\"Data\":[{\"VarCharValue\":\"a\nb\"}]}",
    ])
    func `a page with rows that could be read two ways or none is refused`(_ row: String) {
        let columns = #""ResultSetMetadata":{"ColumnInfo":[{"Name":"a","Type":"varchar"}]}"#
        for text in [
            #"{"ResultSet":{\#(columns),"Rows":[\#(row)]}}"#, #"{"ResultSet":{"Rows":[\#(row)],\#(columns)}}"#,
        ] {
            #expect(throws: JSONError.self) { try ResultsAnswer(parsing: Array(text.utf8)) }
        }
    }

    @Test(arguments: ["{}", #"{"QueryExecutionId":null}"#, #"{"QueryExecutionId":7}"#, "[]", "null", #""id""#])
    func `a spoilt answer to a start is not taken for a started query`(_ body: String) async throws {
        try await expectMalformed("StartQueryExecution", body, "the answer to StartQueryExecution")
    }

    @Test(arguments: ["", "a b", "line\nend", "\u{202e}", String(repeating: "x", count: 129)])
    func `an id that is invalid is not written down`(_ id: String) async throws {
        let body = JSONValue.object(["QueryExecutionId": .string(id)]).serialized(pretty: false)
        try await expectMalformed("StartQueryExecution", String(decoding: body, as: UTF8.self), "QueryExecutionId")
    }

    private func expectMalformed(_ operation: String, _ body: String, _ word: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var export = InProcessExport(FakeAthena(result: FakeResult(rowCount: 3)), in: directory)
            export.maxAttempts = 2
            export.fault = { $0.operation == operation ? HTTPResponse(status: 200, body: Array(body.utf8)) : nil }
            let error = try await export.fails(with: AthenaExportError.self)
            guard case .malformedAnswer(operation, nil, _, _) = error else {
                Issue.record(error)
                return
            }
            #expect("\(error)".contains(word) && "\(error)".hasSuffix("run the same command again"))
            #expect(!"\(error)".contains { $0.isNewline } && export.files.isEmpty)
        }
    }
}

/// Pages of valid JSON that are no result.
@Suite(.limitedConcurrency) struct `Contradictory results` {
    private struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rows: Int
        let isSelect: Bool
        let word: String
        let change: @Sendable (JSONObject, Int) -> JSONObject?

        init(
            _ name: String, rows: Int = 30, isSelect: Bool = false, _ word: String,
            _ change: @escaping @Sendable (_ page: JSONObject, _ number: Int) -> JSONObject?
        ) {
            testDescription = name
            self.rows = rows
            self.isSelect = isSelect
            self.word = word
            self.change = change
        }
    }

    private static let cases: [Case] = [
        Case("an empty token", "the result would never end") { page, number in
            page.setting("NextToken", "", if: number == 1)
        },
        Case("no columns", "no columns") { page, number in
            page.setting("ResultSet", ["Rows": [], "ResultSetMetadata": ["ColumnInfo": []]], if: number == 1)
        },
        Case("no columns on a later page", "columns changed") { page, number in
            page.setting("ResultSet", ["Rows": [], "ResultSetMetadata": ["ColumnInfo": []]], if: number == 2)
        },
        Case("nothing at all on a later page", "columns changed") { _, number in number == 2 ? [:] : nil },
        Case("a column more on a later page", "columns changed") { page, number in
            number == 2 ? page.columns { $0 + [["Name": "more", "Type": "varchar"]] } : nil
        },
        Case("a column of another type on a later page", "columns changed") { page, number in
            number == 2 ? page.columns { [["Name": "customer_id", "Type": "bigint"]] + $0.dropFirst() } : nil
        },
        Case("columns in another order on a later page", "columns changed") { page, number in
            number == 2 ? page.columns { $0.reversed() } : nil
        },
        Case("a key that is not there", "the key column customer_id is not in the result") { page, _ in
            page.columns { [["Name": "id", "Type": "varchar"]] + $0.dropFirst() }
        },
        Case("a key that is there twice", "two columns called") { page, _ in
            page.columns { [$0[0], ["Name": "Customer_ID", "Type": "varchar"]] + $0.dropFirst(2) }
        },
        Case("a column without a name", "without a name") { page, _ in
            page.columns { [$0[0], ["Name": "", "Type": "varchar"]] + $0.dropFirst(2) }
        },
        Case("a column whose name holds NUL", "U+0000") { page, _ in
            page.columns { [$0[0], ["Name": "a\0", "Type": "varchar"]] + $0.dropFirst(2) }
        },
        Case("five thousand columns without the key", "and 4980 more") { page, _ in
            page.columns { _ in (1...5000).map { ["Name": .string("c\($0)"), "Type": "varchar"] } }
        },
        Case("names of a hundred thousand characters", "two columns called") { page, _ in
            let name = JSONValue.string(String(repeating: "n", count: 100_000))
            return page.columns {
                [$0[0], ["Name": name, "Type": "varchar"], ["Name": name, "Type": "varchar"], $0[3]]
            }
        },
        Case("no header row", isSelect: true, "does not repeat the column names") { page, number in
            number == 1 ? page.rows { Array($0.dropFirst()) } : nil
        },
        Case("a header row of other names", isSelect: true, "does not repeat the column names") { page, number in
            number == 1 ? page.rows { [["Data": [["VarCharValue": "x"]]]] + $0.dropFirst() } : nil
        },
    ]

    @Test(arguments: cases)
    private func `a result that contradicts itself is refused in a line, and no wrong row is exported`(
        _ test: Case
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let (export, reference) = try await Self.exports(directory, test)
            var changed = export
            changed.transport = ChangingTransport(export.athena, test.change)
            let error = try await changed.fails(with: (any Error).self)
            #expect("\(error)".contains(test.word), "\(error)")
            #expect(!"\(error)".contains { $0.isNewline } && "\(error)".utf8.count < 2000)
            #expect(export.files.allSatisfy { reference[$0.key] == $0.value })
        }
    }

    /// Pages that look wrong and are right.
    private static let fine: [Case] = [
        Case("more rows than requested", rows: 1030, "") { page, number in
            number == 1
                ? page.rows { $0 + (0..<1000).map { ["Data": [["VarCharValue": .string("more-\($0)")]]] } } : nil
        },
        Case("a row like the header on a later page", rows: 31, isSelect: true, "") { page, number in
            number == 2
                ? page.rows { [["Data": .array(["customer_id", "b", "c", "d"].map { ["VarCharValue": $0] })]] + $0 }
                : nil
        },
        Case("the header row twice", rows: 31, isSelect: true, "") { page, number in
            number == 1 ? page.rows { [$0[0]] + $0 } : nil
        },
        Case("unknown types, and names in any script", "") { page, _ in
            page.columns {
                [
                    $0[0], ["Name": "a,\"b\"\n\u{202e}", "Type": "geometry"],
                    ["Name": .string(String(repeating: "n", count: 10_000)), "Type": ""],
                    ["Name": "列", "Type": "row(a varchar)"],
                ]
            }
        },
    ]

    @Test(arguments: fine) private func `a result that only seems to contradict itself is exported`(_ test: Case)
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            var export = InProcessExport(FakeAthena(result: Self.result(test)), in: directory)
            export.batchRows = 1000
            export.transport = ChangingTransport(export.athena, test.change)
            _ = try await export.run()
            let run = try export.manifest().member("runs").elements()[0]
            #expect(try run.member("rows").integer() == test.rows)
        }
    }

    private static func exports(_ directory: String, _ test: Case) async throws -> (InProcessExport, [String: Data]) {
        let reference = InProcessExport(FakeAthena(result: result(test)), in: "\(directory)/reference")
        _ = try await reference.run()
        return (InProcessExport(FakeAthena(result: result(test)), in: "\(directory)/changed"), reference.files)
    }

    private static func result(_ test: Case) -> FakeResult {
        var result = FakeResult(rowCount: 30)
        result.states = ["SUCCEEDED"]
        result.pageRows = 11
        result.hasHeaderRow = test.isSelect
        result.statementType = test.isSelect ? "DML" : "UTILITY"
        return result
    }
}

/// Changes pages on their way; the service's second copy of each page is removed, so that only what is read is there.
private final class ChangingTransport: HTTPTransport {
    private let direct: DirectTransport
    private let change: @Sendable (JSONObject, Int) -> JSONObject?

    init(_ athena: FakeAthena, _ change: @escaping @Sendable (JSONObject, Int) -> JSONObject?) {
        direct = DirectTransport(athena) { _ in nil }
        self.change = change
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var response = try await direct.send(request)
        guard request.headers["X-Amz-Target"]?.hasSuffix("GetQueryResults") == true,
            case .object(let page) = try JSONValue(parsing: response.body)
        else { return response }
        let isFirst = try JSONField(JSONValue(parsing: request.body)).optionalMember("NextToken") == nil
        let number = isFirst ? 1 : page["NextToken"] == nil ? 3 : 2
        guard let changed = change(page, number) else { return response }
        response.body = JSONValue.object(changed).serialized(pretty: false)
        return response
    }
}

extension JSONObject {
    fileprivate func setting(_ name: String, _ value: JSONValue, if condition: Bool) -> JSONObject? {
        guard condition else { return nil }
        var copy = self
        copy[name] = value
        return copy
    }

    private func changing(
        _ path: [String], _ change: ([JSONValue]) -> [JSONValue]
    ) -> JSONObject {
        var copy = self
        switch copy[path[0]] {
        case .array(let elements)?: copy[path[0]] = .array(change(elements))
        case .object(let object)?: copy[path[0]] = .object(object.changing(Array(path.dropFirst()), change))
        default: break
        }
        return copy
    }

    fileprivate func columns(_ change: ([JSONValue]) -> [JSONValue]) -> JSONObject {
        changing(["ResultSet", "ResultSetMetadata", "ColumnInfo"], change)
    }

    fileprivate func rows(_ change: ([JSONValue]) -> [JSONValue]) -> JSONObject {
        changing(["ResultSet", "Rows"], change)
    }
}
