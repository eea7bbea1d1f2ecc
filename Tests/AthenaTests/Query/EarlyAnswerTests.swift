import Athena
import Foundation
import HTTPTransport
import JSON
import Testing
import TestSupport

/// Answers of a service that does not know yet of a query that it has just started or ended.
@Suite(.limitedConcurrency) struct `Early answers of Athena` {
    private static let job: FakeResult = {
        var result = FakeResult(rowCount: 50)
        result.states = ["RUNNING", "SUCCEEDED"]
        result.pageRows = 11
        return result
    }()

    private static func refusal(_ message: String, _ code: String? = nil) -> HTTPResponse {
        let member = code.map { #", "AthenaErrorCode": "\#($0)""# } ?? ""
        let body = #"{"__type": "InvalidRequestException", "Message": "\#(message)"\#(member)}"#
        return HTTPResponse(status: 400, body: Array(body.utf8))
    }

    private static let early: [(operation: String, message: String, code: String?)] = [
        ("GetQueryExecution", "QueryExecution 0b1c was not found", "QUERY_EXECUTION_NOT_FOUND"),
        ("GetQueryExecution", "QueryExecution 0b1c was not found", nil),
        ("GetQueryResults", "Could not find results", "RESULT_NOT_FOUND"),
        ("GetQueryResults", "Query results not found", nil),
        ("GetQueryResults", "QueryExecution 0b1c was not found", nil),
        ("GetQueryResults", "Query has not yet finished. Current state: RUNNING", "INVALID_QUERY_EXECUTION_STATE"),
        ("GetQueryResults", "Query has not yet finished. Current state: QUEUED", nil),
    ]

    @Test(arguments: early.indices, [1, 5])
    func `a query that was just started or has just ended is asked for again`(
        _ index: Int, _ calls: Int
    ) async throws {
        let (operation, message, code) = Self.early[index]
        try await TestMachine.withTemporaryDirectory { directory in
            let undisturbed = InProcessExport(FakeAthena(result: Self.job), in: "\(directory)/a")
            _ = try await undisturbed.run()
            let athena = FakeAthena(result: Self.job)
            var export = InProcessExport(athena, in: "\(directory)/b")
            export.fault = { call in
                call.operation == operation && call.operationNumber <= calls ? Self.refusal(message, code) : nil
            }
            _ = try await export.run()
            #expect(export.files == undisturbed.files)
            #expect(athena.count(of: "StartQueryExecution") == 1)
            #expect(export.time.total <= .seconds(31))
            let pauses = export.time.sleeps.filter { $0 >= .milliseconds(500) }
            #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 * 2 })
        }
    }

    @Test(arguments: early.indices)
    func `the service is believed after half a minute, and no advice starts a second query`(
        _ index: Int
    ) async throws {
        let (operation, message, code) = Self.early[index]
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.job)
            var export = InProcessExport(athena, in: directory)
            export.fault = { call in call.operation == operation ? Self.refusal(message, code) : nil }
            let error = try await export.fails(with: AthenaExportError.self)
            #expect("\(error)".contains("run the same command again"))
            #expect(export.time.total >= .seconds(30) && export.time.total <= .seconds(32))

            // The command that the error advises.
            export.fault = { _ in nil }
            _ = try await export.run()
            #expect(athena.count(of: "StartQueryExecution") == 1)
            #expect(export.files.count == 3)
        }
    }

    @Test func `the service is believed within seconds about an id from the user, which then blocks no other`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.job
            result.knowsEveryExecution = true
            var export = InProcessExport(FakeAthena(result: result), in: directory)
            export.query = .attach("mistyped")
            export.fault = { call in
                call.operation == "GetQueryExecution" ? Self.refusal("QueryExecution mistyped was not found") : nil
            }
            let error = try await export.fails(with: AthenaExportError.self)
            guard case .executionGone("mistyped", _, true) = error else { throw error }
            #expect(export.time.total <= .seconds(5))

            export.query = .attach("right")
            export.fault = { _ in nil }
            _ = try await export.run()
            #expect(export.files.count == 3)
        }
    }

    @Test(arguments: [1, 2]) func `a query whose id came from the user is asked for again for some seconds`(
        _ calls: Int
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.job
            result.knowsEveryExecution = true
            var export = InProcessExport(FakeAthena(result: result), in: directory)
            export.query = .attach("recent")
            export.fault = { call in
                call.operation == "GetQueryExecution" && call.operationNumber <= calls
                    ? Self.refusal("QueryExecution recent was not found") : nil
            }
            _ = try await export.run()
            #expect(export.files.count == 3)
        }
    }

    @Test func `the service is believed at once about a result that was read from before`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var export = InProcessExport(FakeAthena(result: Self.job), in: directory)
            export.fault = { call in
                call.operation == "GetQueryResults" && call.operationNumber > 2
                    ? Self.refusal("Could not find results") : nil
            }
            let error = try await export.fails(with: AthenaExportError.self)
            guard case .executionGone = error else { throw error }
            #expect(export.time.total < .seconds(5))
        }
    }
}
