import BatchExport
import Foundation
import HTTPTransport
import JSON
import Testing
import TestSupport

@testable import Athena
@testable import AWS

@Suite(.limitedConcurrency) struct `A query without rows to export` {
    private static let effects: [(type: String, substatement: String, columns: [(name: String, type: String)])] = [
        ("DML", "INSERT", [("rows", "bigint")]), ("DDL", "CREATE_TABLE_AS_SELECT", [("rows", "bigint")]),
        ("DML", "UNLOAD", [("rows", "bigint")]), ("DML", "MERGE", [("rows", "bigint")]),
        ("DDL", "MSCK_REPAIR_TABLE", []), ("DDL", "DROP_TABLE", []),
    ]

    @Test(arguments: effects.indices)
    func `a query without rows ends the run with advice that does not send it again, and blocks no other`(
        _ index: Int
    ) async throws {
        let (type, substatement, columns) = Self.effects[index]
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult(rowCount: 0)
            result.columns = columns
            result.statementType = type
            result.substatementType = substatement
            result.hasHeaderRow = false
            result.states = ["SUCCEEDED"]
            result.knowsEveryExecution = true
            var export = InProcessExport(FakeAthena(result: result), in: directory)
            export.query = .attach("theirs")
            let error = try await export.fails(with: AthenaExportError.self)
            #expect("\(error)".contains("query theirs is \(substatement)"))
            #expect("\(error)".contains("do not send it again"))
            try await isNotBlocked(directory)
        }
    }

    @Test func `a query without rows is known by its text where Athena gives no type`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult(rowCount: 0)
            result.substatementType = ""
            result.query = "/* a */ INSERT INTO t SELECT 1"
            result.states = ["SUCCEEDED"]
            let error = try await InProcessExport(FakeAthena(result: result), in: directory)
                .fails(with: AthenaExportError.self)
            guard case .notAQuery(_, "INSERT") = error else { throw error }
            try await isNotBlocked(directory)
        }
    }

    @Test(arguments: ["q", "PIVOT t", "EXPLAIN ANALYZE SELECT 1", ""])
    func `a result with rows is exported although its statement begins with a word that is not known`(
        _ query: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult(rowCount: 3)
            result.substatementType = ""
            result.query = query
            let export = InProcessExport(FakeAthena(result: result), in: directory)
            _ = try await export.run()
            #expect(try export.manifest().member("totals").member("rows").integer() == 3)
        }
    }

    @Test(arguments: [#"{"ColumnInfo": []}"#, "{}"])
    func `an answer with rows and no columns is a query without rows, and is requested once`(_ metadata: String)
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult(rowCount: 0)
            result.substatementType = "SOMETHING_NEW"
            result.states = ["SUCCEEDED"]
            let athena = FakeAthena(result: result)
            var export = InProcessExport(athena, in: directory)
            let body =
                #"{"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "x:\tt"}]}], "ResultSetMetadata": \#(metadata)}}"#
            export.fault = { call in
                call.operation == "GetQueryResults" ? HTTPResponse(status: 200, body: Array(body.utf8)) : nil
            }
            let error = try await export.fails(with: ExportError.self)
            #expect("\(error)".contains("no columns"))
            #expect(export.time.total == .zero)
            try await isNotBlocked(directory)
        }
    }

    @Test func `a query without rows is not sent again where its failure is retryable`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult(rowCount: 0)
            result.substatementType = "INSERT"
            result.failedExecutions = 1
            result.athenaError = ["ErrorCategory": .integer(1), "Retryable": .bool(true)]
            let athena = FakeAthena(result: result)
            try await InProcessExport(athena, in: directory).fails(with: AthenaExportError.self)
            #expect(athena.executionIDs.count == 1)
        }
    }

    /// Another statement is exported in the same directory.
    private func isNotBlocked(_ directory: String) async throws {
        var export = InProcessExport(FakeAthena(result: FakeResult(rowCount: 5)), in: directory)
        export.query = .start(AthenaQuery(statement: "SELECT 2"))
        _ = try await export.run()
        #expect(export.files.count == 1)
    }
}

@Suite(.limitedConcurrency) struct `A query that is stopped` {
    private static let running: FakeResult = {
        var result = FakeResult(rowCount: 5)
        result.states = ["RUNNING", "RUNNING", "SUCCEEDED"]
        return result
    }()

    private func state(_ export: InProcessExport) throws -> ExportState {
        try #require(try ExportJournal.read(export.directory).1)
    }

    @Test func `a stopped query is kept in the state until another one is sent in its place`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.running)
            let export = InProcessExport(athena, in: directory)
            try await export.isCancelledWhileQueryRuns()
            #expect(try state(export).stoppedQueryExecutionID == athena.startedExecutions[0])
            _ = try await export.run()
            #expect(try state(export).stoppedQueryExecutionID == nil)
            #expect(athena.startedExecutions.count == 2)
        }
    }

    @Test func `a stopped query that Athena does not know any more is sent again`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.running)
            var export = InProcessExport(athena, in: directory)
            try await export.isCancelledWhileQueryRuns()
            let body =
                #"{"__type": "InvalidRequestException", "Message": "no", "AthenaErrorCode": "QUERY_EXECUTION_NOT_FOUND"}"#
            export.fault = { call in
                guard call.operation == "GetQueryExecution", athena.executionIDs.count == 1 else { return nil }
                return HTTPResponse(status: 400, body: Array(body.utf8))
            }
            _ = try await export.run()
            #expect(athena.executionIDs.count == 2)
            #expect(try state(export).stoppedQueryExecutionID == nil)
        }
    }

    /// Athena gives the same answer to the request to stop a query that is finished.
    @Test(arguments: [false, true])
    func `a query that was finished before it was stopped is read, and not paid for again`(wasSeenFinished: Bool)
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.running
            result.canBeStopped = false
            let athena = FakeAthena(result: result)
            var export = InProcessExport(athena, in: directory)
            if wasSeenFinished {
                export.fault = { call in
                    guard call.operation == "GetQueryResults" else { return nil }
                    throw HTTPTransportError.couldNotResolve(host: "athena")
                }
                _ = try? await export.run()
            }
            export.fault = { call in
                if call.operation == "GetQueryExecution" { throw CancellationError() }
                return nil
            }
            try await export.isCancelledWhileQueryRuns()
            #expect(athena.count(of: "StopQueryExecution") == 1)
            #expect(try state(export).stoppedQueryExecutionID == athena.executionIDs.first)

            export.fault = { [export] call in
                if call.operation == "GetQueryResults" {
                    let state = try ExportJournal.read(export.directory).1
                    #expect(state?.stoppedQueryExecutionID == nil && state?.isStoppingQuery == false)
                }
                return nil
            }
            _ = try await export.run()
            #expect(try export.manifest().member("totals").member("rows").integer() == 5)
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test func `the timeout's error says what became of a stopped query`() {
        let told = [QueryFate.stopped, .running, .unknown].map {
            "\(AthenaExportError.queryTimedOut(queryExecutionID: "q", limit: .seconds(5400), $0))"
        }
        #expect(told.allSatisfy { $0.contains("query q was not finished after 90m") && $0.contains("--query-timeout") })
        #expect(told[0].contains("pays for it again") && told[0].contains("--leave-query-running"))
        #expect(told[1].contains("still runs") && !told[1].contains("again and pays"))
        #expect(told[2].contains("only if it was stopped"))
    }
}

@Suite(.limitedConcurrency) struct `Errors of ended queries` {
    private static let result: FakeResult = {
        var result = FakeResult(rowCount: 5)
        result.knowsEveryExecution = true
        return result
    }()

    @Test(
        arguments: [
            ("FAILED", .integer(2), "correct the query, then"), ("FAILED", .integer(3), "if it is at fault"),
            ("FAILED", nil, "if it is at fault"), ("FAILED", .integer(1), "run the same command again later"),
            ("CANCELLED", nil, "run the same command again, which sends the query again"),
        ] as [(String, JSONValue?, String)])
    func `a failed query is reported with its reason once and with what helps`(
        _ state: String, _ category: JSONValue?, _ advice: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result
            result.states = [state]
            result.stateChangeReason = "the reason"
            result.athenaError = category.map { ["ErrorCategory": $0, "ErrorMessage": "the reason"] }
            var export = InProcessExport(FakeAthena(result: result), in: directory)
            let error = try await export.fails(with: AthenaExportError.self)
            #expect("\(error)".contains(advice))
            #expect("\(error)".components(separatedBy: "the reason").count == 2)

            export.query = .attach("theirs")
            let named = try await export.fails(with: AthenaExportError.self)
            #expect("\(named)".contains("give the id of a query that has succeeded"))
        }
    }

    @Test(
        arguments: [
            (
                "No output location provided. An output location is required either through the Workgroup result …",
                "--staging-dir"
            ),
            ("Unable to verify/create output bucket my-bucket", "s3:GetBucketLocation"),
            ("outputLocation is not a valid S3 path.", "--staging-dir"),
            ("WorkGroup nope is not found.", "--work-group"), ("WorkGroup nope is disabled", "--work-group"),
        ])
    func `a query that cannot begin is reported with the option that helps, and blocks no other command`(
        _ message: String, _ option: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result)
            var export = InProcessExport(athena, in: directory)
            let body = JSONValue.object(["__type": "InvalidRequestException", "Message": .string(message)])
                .serialized(pretty: false)
            export.fault = { call in
                call.operation == "StartQueryExecution" ? HTTPResponse(status: 400, body: body) : nil
            }
            let error = try await export.fails(with: AthenaExportError.self)
            #expect("\(error)".contains(message) && "\(error)".contains(option))
            export.fault = { _ in nil }
            export.query = .start(AthenaQuery(statement: "SELECT 2", workGroup: "other"))
            _ = try await export.run()
        }
    }

    @Test
    func `a query that cannot begin blocks no corrected statement, even if a lost answer came before the refusal`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result)
            var export = InProcessExport(athena, in: directory)
            export.maxAttempts = 1
            export.fault = { _ in throw HTTPTransportError.connectionLost(host: "athena", reason: "reset") }
            try await export.fails(with: AWSError.self)
            export.fault = { _ in
                let body =
                    #"{"__type": "InvalidRequestException", "Message": "no", "AthenaErrorCode": "MALFORMED_QUERY"}"#
                return HTTPResponse(status: 400, body: Array(body.utf8))
            }
            let error = try await export.fails(with: AthenaExportError.self)
            guard case .statementRefused = error else { throw error }
            export.fault = { _ in nil }
            export.query = .start(AthenaQuery(statement: "SELECT 2"))
            _ = try await export.run()
            #expect(athena.count(of: "StartQueryExecution") == 1)
        }
    }
}
