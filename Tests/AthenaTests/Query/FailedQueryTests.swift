import Athena
import AWS
import BatchExport
import Foundation
import HTTPTransport
import JSON
import Testing
import TestSupport
import Threading

@Suite(.limitedConcurrency) struct `A query that fails` {
    private static func result(failures: Int, error: JSONValue?, reason: String? = nil) -> FakeResult {
        var result = FakeResult(rowCount: 50)
        result.states = ["SUCCEEDED"]
        result.failedExecutions = failures
        result.athenaError = error
        result.stateChangeReason = reason
        return result
    }

    private static let retryable: JSONValue = [
        "ErrorCategory": .integer(1), "ErrorType": .integer(100), "Retryable": .bool(true),
    ]

    @Test(arguments: [1, 2])
    func
        `a failed query is sent again with a token of its own where Athena calls it retryable, and the manifest counts it`(
            _ failures: Int
        ) async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result(failures: failures, error: Self.retryable))
            let export = InProcessExport(athena, in: directory)
            _ = try await export.run()
            #expect(athena.executionIDs.count == failures + 1)
            let run = try export.manifest().member("runs").elements()[0]
            #expect(try run.member("query_reruns").integer() == failures)
            #expect(try run.member("status").string() == "succeeded")
            #expect(try run.member("query_execution_id").string() == athena.startedExecutions.last)
            #expect(export.time.total > .seconds(2) && export.time.total <= .seconds(25))
        }
    }

    @Test func `a failed query is given up after two more attempts`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result(failures: .max, error: Self.retryable, reason: "internal"))
            let export = InProcessExport(athena, in: directory)
            let error = try await export.fails(with: AthenaExportError.self)
            guard case .queryEnded(_, "FAILED", "internal", _, .sendLater) = error else {
                Issue.record(error)
                return
            }
            #expect(athena.executionIDs.count == 3)
        }
    }

    @Test(
        arguments: [
            nil, ["ErrorCategory": .integer(2)], ["ErrorCategory": .integer(1), "Retryable": .bool(false)],
            ["ErrorMessage": "no category"],
        ] as [JSONValue?])
    func `a failed query is not sent again where Athena does not call it retryable`(_ error: JSONValue?) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result(failures: 1, error: error))
            let export = InProcessExport(athena, in: directory)
            try await export.fails(with: AthenaExportError.self)
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test func `a failed query is sent again where Athena calls the error its own and gives no more details`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result(failures: 1, error: ["ErrorCategory": .integer(1)]))
            _ = try await InProcessExport(athena, in: directory).run()
            #expect(athena.executionIDs.count == 2)
        }
    }

    @Test func `a failed query that this run did not start is never sent again`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result(failures: 0, error: Self.retryable)
            result.states = ["FAILED"]
            result.knowsEveryExecution = true
            let athena = FakeAthena(result: result)
            var export = InProcessExport(athena, in: directory)
            export.query = .attach("theirs")
            try await export.fails(with: AthenaExportError.self)
            #expect(athena.executionIDs.isEmpty)
        }
    }

    @Test func `the count of reruns outlives a process that dies between them`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result(failures: 2, error: Self.retryable))
            var export = InProcessExport(athena, in: directory)
            // The second query is accepted, and the answer is lost.
            export.maxAttempts = 1
            export.fault = { call in
                guard call.operation == "StartQueryExecution", call.operationNumber == 2 else { return nil }
                throw HTTPTransportError.connectionLost(host: "athena", reason: "reset")
            }
            try await export.fails(with: AWSError.self)
            export.fault = { _ in nil }
            _ = try await export.run()
            #expect(athena.executionIDs.count == 3)
            #expect(try export.manifest().member("runs").elements()[0].member("query_reruns").integer() == 2)
        }
    }

    @Test(
        arguments: [
            nil, ["ErrorCategory": .integer(1), "ErrorType": .integer(401), "Retryable": .bool(false)],
            ["ErrorCategory": .integer(3)], ["ErrorCategory": .integer(1), "Retryable": .bool(true)],
        ] as [JSONValue?], ["HIVE_CURSOR_ERROR: Read timed out", nil] as [String?])
    func `a query that Athena queues again by itself is waited for, and not sent a second time`(
        _ error: JSONValue?, _ reason: String?
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result(failures: 0, error: error, reason: reason)
            result.states = ["RUNNING", "FAILED", "QUEUED", "RUNNING", "FAILED", "FAILED", "RUNNING", "SUCCEEDED"]
            let athena = FakeAthena(result: result)
            _ = try await InProcessExport(athena, in: directory).run()
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test(arguments: [nil, ["ErrorCategory": .integer(3)]] as [JSONValue?])
    func `a failure is believed after a few seconds`(_ error: JSONValue?) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result(failures: 0, error: error, reason: "HIVE_CURSOR_ERROR: Read timed out")
            result.states = ["FAILED"]
            let export = InProcessExport(FakeAthena(result: result), in: directory)
            try await export.fails(with: AthenaExportError.self)
            #expect(export.time.total > .seconds(2) && export.time.total <= .seconds(6))
        }
    }

    @Test func `a failure is believed at once where Athena says that the error is the user's`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result(failures: 0, error: ["ErrorCategory": .integer(2), "ErrorType": .integer(1006)])
            result.states = ["FAILED"]
            let athena = FakeAthena(result: result)
            let export = InProcessExport(athena, in: directory)
            try await export.fails(with: AthenaExportError.self)
            #expect(athena.count(of: "GetQueryExecution") == 1)
            #expect(export.time.total == .zero)
        }
    }

    @Test(
        arguments: [
            ("Rate exceeded (Service: AWSGlue; Status Code: 400)", nil), ("HIVE_METASTORE_ERROR: Rate exceeded", nil),
            ("com.amazonaws…: ThrottlingException", nil), ("TooManyRequestsException", ["ErrorCategory": .integer(3)]),
        ] as [(String, JSONValue?)])
    func `a throttled query is sent again, though Athena does not call it retryable`(
        _ reason: String, _ error: JSONValue?
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result(failures: 1, error: error, reason: reason))
            _ = try await InProcessExport(athena, in: directory).run()
            #expect(athena.executionIDs.count == 2)
        }
    }

    @Test(arguments: [["ErrorCategory": .integer(2)], ["Retryable": .bool(false)]] as [JSONValue])
    func `a throttled query is not sent again where Athena says that it would not help`(_ error: JSONValue) async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result(failures: 1, error: error, reason: "Rate exceeded"))
            try await InProcessExport(athena, in: directory).fails(with: AthenaExportError.self)
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test(arguments: ["SlowDown", "Please reduce your request rate."])
    func `a query that failed for want of S3 is checked again before it is given up`(_ reason: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result(failures: 0, error: nil, reason: "HIVE_S3: \(reason)")
            result.states = ["RUNNING", "FAILED", "FAILED", "SUCCEEDED"]
            let athena = FakeAthena(result: result)
            _ = try await InProcessExport(athena, in: directory).run()
            #expect(athena.count(of: "GetQueryExecution") == 4)
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test func `a query that failed for want of S3 and stays so has failed`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result(failures: 0, error: nil, reason: "SlowDown")
            result.states = ["FAILED"]
            let athena = FakeAthena(result: result)
            let export = InProcessExport(athena, in: directory)
            try await export.fails(with: AthenaExportError.self)
            #expect(athena.count(of: "GetQueryExecution") == 3)
        }
    }
}
