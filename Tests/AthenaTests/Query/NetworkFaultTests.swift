import Athena
import AWS
import BatchExport
import Foundation
import HTTPTransport
import JSON
import Testing
import TestSupport
import Threading

/// The faults of a network, a proxy or a service under load. The transport's own tests show that each arrives from a
/// real socket as the error named here.
enum NetworkFault: String, CaseIterable, Sendable {
    case refused, reset, resetInBody, connectTimeout, stalled, truncated, nameNotFound, handshakeFailed, notHTTP
    case tooManyRequests429, throttling400, internalError500, badGateway502, unavailable503, gatewayTimeout504
    case emptyAnswer, brokenJSON

    func apply() throws -> HTTPResponse {
        switch self {
        case .refused: throw HTTPTransportError.couldNotConnect(host: "athena", reason: "Connection refused")
        case .reset: throw HTTPTransportError.connectionLost(host: "athena", reason: "Connection reset by peer")
        case .resetInBody: throw HTTPTransportError.connectionLost(host: "athena", reason: "Recv failure")
        case .connectTimeout: throw HTTPTransportError.timedOut(host: "athena", phase: .connect, limit: .seconds(10))
        case .stalled: throw HTTPTransportError.timedOut(host: "athena", phase: .stall, limit: .seconds(60))
        case .truncated: throw HTTPTransportError.truncatedBody(host: "athena")
        case .nameNotFound: throw HTTPTransportError.couldNotResolve(host: "athena")
        case .handshakeFailed: throw HTTPTransportError.tlsFailed(host: "athena", reason: "handshake failure")
        case .notHTTP: throw HTTPTransportError.malformedAnswer(host: "athena", reason: "not HTTP")
        case .tooManyRequests429: return Self.answer(429, "")
        case .throttling400: return Self.answer(400, #"{"__type":"ThrottlingException","Message":"Rate exceeded"}"#)
        case .internalError500: return Self.answer(500, #"{"__type":"InternalServerException","Message":"oops"}"#)
        case .badGateway502: return Self.answer(502, "<html><h1>Bad Gateway</h1></html>")
        case .unavailable503: return Self.answer(503, "")
        case .gatewayTimeout504: return Self.answer(504, "upstream request timeout")
        case .emptyAnswer: return Self.answer(200, "")
        case .brokenJSON: return Self.answer(200, #"{"QueryExecutionId": "#)
        }
    }

    private static func answer(_ status: Int, _ body: String) -> HTTPResponse {
        HTTPResponse(status: status, body: Array(body.utf8))
    }

    /// An answer with the status of success that cannot be read. Every other fault is known to be temporary.
    var isUnreadableAnswer: Bool { self == .emptyAnswer || self == .brokenJSON }
}

@Suite(.limitedConcurrency) struct `Faults of the network` {
    static let operations = ["StartQueryExecution", "GetQueryExecution", "GetQueryResults", "StopQueryExecution"]

    /// Three batches, five pages.
    private static let job: FakeResult = {
        var result = FakeResult(rowCount: 50)
        result.states = ["SUCCEEDED"]
        result.pageRows = 11
        return result
    }()

    @Test(arguments: operations.dropLast(), NetworkFault.allCases)
    func `a fault that passes after two attempts leaves the bytes as they are`(
        _ operation: String, _ fault: NetworkFault
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let undisturbed = InProcessExport(FakeAthena(result: Self.job), in: "\(directory)/a")
            _ = try await undisturbed.run()
            let athena = FakeAthena(result: Self.job)
            var disturbed = InProcessExport(athena, in: "\(directory)/b")
            // Twice at the first call of the operation and, if there are several, twice in the middle.
            disturbed.fault = { call in
                call.operation == operation && [1, 2, 5, 6].contains(call.operationNumber) ? try fault.apply() : nil
            }
            _ = try await disturbed.run()
            #expect(undisturbed.files.count == 3)
            #expect(disturbed.files == undisturbed.files)
            #expect(athena.executionIDs.count == 1)
            #expect(disturbed.time.sleeps.count == (operation == "GetQueryResults" ? 4 : 2))
        }
    }

    @Test(arguments: operations.dropLast(), NetworkFault.allCases)
    func `a fault that stays ends the run as temporary, within the attempts allowed, and the next run completes it`(
        _ operation: String, _ fault: NetworkFault
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let undisturbed = InProcessExport(FakeAthena(result: Self.job), in: "\(directory)/a")
            _ = try await undisturbed.run()
            let athena = FakeAthena(result: Self.job)
            var export = InProcessExport(athena, in: "\(directory)/b")
            let attempts = Locked(0)
            // GetQueryResults fails from its third page on, so that one batch is published.
            let first = operation == "GetQueryResults" ? 3 : 1
            export.fault = { call in
                guard call.operation == operation, call.operationNumber >= first else { return nil }
                attempts.withLock { $0 += 1 }
                return try fault.apply()
            }
            if fault.isUnreadableAnswer {
                try await export.fails(with: AthenaExportError.self)
            } else {
                let error = try await export.fails(with: AWSError.self)
                #expect(error.category == .temporary, "\(error)")
            }
            #expect(attempts.withLock { $0 } == export.maxAttempts)
            #expect(export.time.sleeps.count == export.maxAttempts - 1)
            // Ten attempts wait at most 1 + 2 + 4 + 8 + 16 + 5 × 20 s if throttled, 25.55 s + … if not.
            #expect(export.time.total < .seconds(131))

            export.fault = { _ in nil }
            _ = try await export.run()
            #expect(export.files == undisturbed.files)
            #expect(athena.executionIDs.count == 1)
        }
    }

    /// A query that runs and then succeeds.
    private static let slowJob: FakeResult = {
        var result = job
        result.states = ["RUNNING", "RUNNING", "SUCCEEDED"]
        return result
    }()

    @Test(arguments: NetworkFault.allCases.filter { !$0.isUnreadableAnswer })
    func `a stop that fails twice stops the query all the same`(_ fault: NetworkFault) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.slowJob)
            var export = InProcessExport(athena, in: directory)
            export.fault = { call in
                call.operation == "StopQueryExecution" && call.operationNumber <= 2 ? try fault.apply() : nil
            }
            try await export.isCancelledWhileQueryRuns()
            #expect(athena.stoppedExecutions == Set(athena.startedExecutions))
            #expect(athena.count(of: "StopQueryExecution") == 1)
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `a stop that fails is given up in time and leaves a run that can be resumed`(_ fault: NetworkFault)
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.slowJob)
            var export = InProcessExport(athena, in: directory)
            export.fault = { call in call.operation == "StopQueryExecution" ? try fault.apply() : nil }
            try await export.isCancelledWhileQueryRuns()
            export.fault = { _ in nil }
            _ = try await export.run()
            #expect(export.files.count == 3)
            // The query was never stopped, whatever the answer said.
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test func `an outage costs no more retries than the bucket holds, whatever the attempts allowed`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var export = InProcessExport(FakeAthena(result: Self.job), in: directory)
            export.maxAttempts = 1000
            let attempts = Locked(0)
            export.fault = { _ in
                attempts.withLock { $0 += 1 }
                return try NetworkFault.unavailable503.apply()
            }
            try await export.fails(with: AWSError.self)
            #expect(attempts.withLock { $0 } == 1 + 500 / 14)
        }
    }
}
