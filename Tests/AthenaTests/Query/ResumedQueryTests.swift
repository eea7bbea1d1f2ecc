import BatchExport
import Foundation
import HTTPTransport
import InMemoryLogging
import JSON
import Loopback
import SystemPackage
import Testing
import TestSupport
import Threading

@testable import Athena

/// Queries that Athena or other users changed between two processes of a run.
@Suite(.limitedConcurrency) struct `Resuming a query that Athena sees differently` {
    /// Three batches, five pages.
    private static let job: FakeResult = {
        var result = FakeResult(rowCount: 50)
        result.states = ["SUCCEEDED"]
        result.pageRows = 11
        return result
    }()

    @Test func `a query whose stop went through without an answer is sent again by the next run`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.job
            result.states = ["RUNNING", "RUNNING", "SUCCEEDED"]
            let athena = FakeAthena(
                result: result,
                script: { call in
                    call.operation == "StopQueryExecution"
                        ? .alter { answer in
                            answer.status = 503
                            answer.body = []
                        } : nil
                })
            var export = InProcessExport(athena, in: directory)
            export.maxAttempts = 1
            try await export.isCancelledWhileQueryRuns()
            #expect(athena.stoppedExecutions.count == 1)

            _ = try await export.run()
            #expect(export.files.count == 3)
            #expect(athena.startedExecutions.count == 2)
            #expect(athena.stoppedExecutions == [athena.startedExecutions[0]])
        }
    }

    @Test(arguments: [false, true])
    func `a query whose deletes alone are in files is not stopped, and a restart says that they stay`(isGivenUp: Bool)
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            func night(_ runID: String, rows: Int) -> InProcessExport {
                var export = InProcessExport(FakeAthena(result: FakeResult(rowCount: rows)), in: directory)
                export.runID = runID
                export.batchRows = 2
                export.changes = ChangeOptions(maximumDeletes: 100)
                return export
            }
            _ = try await night("first", rows: 5).run()

            // Batches 4 to 6 delete, and the name of the fifth is taken meanwhile.
            var second = night("second", rows: 0)
            let taken = second.directory.path.string + "/" + second.directory.deletedPath(sequence: 5, format: .csv)
            var disturbed = second
            disturbed.fault = { call in
                if call.operation == "GetQueryResults" {
                    try FileManager.default.createDirectory(atPath: "\(taken)/full", withIntermediateDirectories: true)
                }
                return nil
            }
            try await disturbed.fails(with: ExportError.self)
            let checkpoint = try ExportJournal.read(second.directory).1?.checkpoint
            #expect(checkpoint?.rowsExported == 0 && checkpoint?.deletedRows == 2)
            try FileManager.default.removeItem(atPath: taken)

            try await second.isCancelledWhileQueryRuns()
            #expect(second.athena.count(of: "StopQueryExecution") == 0)

            var careful = second
            careful.changes = ChangeOptions(maximumDeletes: 50)
            let refusal = "\(try await careful.fails(with: ExportError.self))"
            #expect(refusal.contains("5 of the 5 keys") && refusal.contains("but 2 keys under an earlier limit"))

            careful.runID = "third"
            try await careful.fails(with: ExportError.self)
            let messages = careful.log.entries.map { "\($0.message)" }
            #expect(messages.contains("resuming the unfinished run second; run third begins after it"))

            second.change = { $0.restart = isGivenUp }
            _ = try await second.run()
            #expect(second.athena.executionIDs.count == (isGivenUp ? 2 : 1))
            let deletes = try second.manifest().member("deletes").elements()
            #expect(try deletes.map { try $0.member("rows").integer() } == [2, 2, 1])
            let warnings = second.log.entries.map { "\($0.message)" }
            #expect(warnings.contains { $0.contains("the 2 keys that it has deleted stay deleted") } == isGivenUp)
        }
    }

    @Test func `a query that another user cancelled is not paid for again without a new command`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.job
            result.states = ["RUNNING", "CANCELLED"]
            let athena = FakeAthena(result: result)
            let export = InProcessExport(athena, in: directory)
            let error = try await export.fails(with: AthenaExportError.self)
            #expect("\(error)".contains("CANCELLED"))
            #expect(athena.startedExecutions.count == 1)
        }
    }

    @Test(arguments: [
        ("QueryExecution was not found", "QUERY_EXECUTION_NOT_FOUND"), ("Could not find results", nil),
        ("Query results not found", nil),
    ])
    func `a missing result is reported with the way out of it, and nothing is sent or changed`(
        _ message: String, _ code: String?
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.job)
            var export = InProcessExport(athena, in: directory)
            export.fault = { call in
                guard call.operation == "GetQueryResults", call.operationNumber >= 3 else { return nil }
                throw HTTPTransportError.couldNotResolve(host: "athena")
            }
            _ = try? await export.run()
            let before = export.files
            #expect(before.count == 1)

            let codeMember = code.map { #", "AthenaErrorCode": "\#($0)""# } ?? ""
            let body = #"{"__type": "InvalidRequestException", "Message": "\#(message)"\#(codeMember)}"#
            export.fault = { call in
                call.operation == "StartQueryExecution" ? nil : HTTPResponse(status: 400, body: Array(body.utf8))
            }
            let error = try await export.fails(with: AthenaExportError.self)
            guard case .executionGone = error else { throw error }
            #expect("\(error)".contains("--restart"))
            #expect(athena.count(of: "StartQueryExecution") == 1)
            #expect(export.files == before)
        }
    }

    @Test func `a run whose result is gone while it reads it again is not given up without a word of its rows`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.job
            result.knowsEveryExecution = true
            var export = InProcessExport(FakeAthena(result: result), in: directory)
            export.query = .attach("theirs")
            export.fault = { [export] call in
                guard call.operation == "GetQueryResults", call.operationNumber == 5 else { return nil }
                while try ExportJournal.read(export.directory).1?.checkpoint.nextBatch ?? 1 < 2 { usleep(1000) }
                try FileManager.default.removeItem(atPath: "\(export.directory.path)/data/batch=000001")
                return nil
            }
            let removed = try await export.fails(with: ExportError.self)
            guard case .filesGone = removed else { throw removed }

            let body =
                #"{"__type": "InvalidRequestException", "Message": "no", "AthenaErrorCode": "QUERY_EXECUTION_NOT_FOUND"}"#
            export.fault = { _ in HTTPResponse(status: 400, body: Array(body.utf8)) }
            let gone = try await export.fails(with: AthenaExportError.self)
            guard case .executionGone = gone else { throw gone }

            export.fault = { _ in nil }
            export.query = .start(AthenaQuery(statement: "SELECT 2"))
            let other = try await export.fails(with: ExportError.self)
            guard case .otherRequest = other else { throw other }
            export.runID = "second"
            export.change = { $0.restart = true }
            _ = try await export.run()
            #expect(export.log.text.contains("the 50 rows that it has exported stay in the table"))
        }
    }

    @Test func `a run that reads its result again keeps another recording as it is, and makes its own`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.job)
            var export = InProcessExport(athena, in: directory)
            export.batchRows = 5
            func isInterrupted(atPage page: Int) async {
                export.fault = { call in
                    guard call.operation == "GetQueryResults", call.operationNumber >= page else { return nil }
                    throw HTTPTransportError.couldNotResolve(host: "athena")
                }
                _ = try? await export.run()
            }
            let manifest = URL(filePath: export.directory.manifest.string)
            await isInterrupted(atPage: 3)
            let older = try Data(contentsOf: manifest)
            await isInterrupted(atPage: 3)
            #expect(try Data(contentsOf: manifest) != older)
            // Batches that the state counts are in no list now.
            try older.write(to: manifest)

            let transport = DirectTransport(athena) { _ in nil }
            let theirs = "\(directory)/theirs/GetQueryExecution-1.json"
            try FileManager.default.createDirectory(atPath: "\(directory)/theirs", withIntermediateDirectories: false)
            try Data("{}".utf8).write(to: URL(filePath: theirs))
            export.transport = RecordingTransport(FilePath("\(directory)/theirs"), around: transport)
            let error = try await export.fails(with: FixtureError.self)
            guard case .otherRecording = error else { throw error }
            // The run goes back to its beginning; only its rows can show what is missing in the list.
            #expect(try ExportJournal.read(export.directory).1?.checkpoint.nextBatch == 1)
            #expect(TestMachine.files(below: "\(directory)/theirs") == ["GetQueryExecution-1.json": Data("{}".utf8)])

            export.transport = RecordingTransport(FilePath("\(directory)/ours"), around: transport)
            _ = try await export.run()
            #expect(TestMachine.files(below: "\(directory)/ours").keys.contains("GetQueryResults-5.json"))
            #expect(try export.manifest().member("totals").member("rows").integer() == 50)
            #expect(athena.executionIDs.count == 1)
        }
    }

    @Test func `a page token that is refused is answered by reading from the beginning, without a second query`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let undisturbed = InProcessExport(FakeAthena(result: Self.job), in: "\(directory)/a")
            _ = try await undisturbed.run()
            let athena = FakeAthena(result: Self.job)
            var export = InProcessExport(athena, in: "\(directory)/b")
            export.fault = { call in
                guard call.operation == "GetQueryResults", call.operationNumber >= 4 else { return nil }
                throw HTTPTransportError.couldNotResolve(host: "athena")
            }
            _ = try? await export.run()
            #expect(export.files.count == 1)

            let refused = Locked(false)
            let body = #"{"__type": "InvalidRequestException", "Message": "Malformed nextPageToken abc"}"#
            export.fault = { call in
                guard call.operation == "GetQueryResults", call.operationNumber == 1 else { return nil }
                refused.withLock { $0 = true }
                return HTTPResponse(status: 400, body: Array(body.utf8))
            }
            _ = try await export.run()
            #expect(refused.withLock { $0 })
            #expect(export.files == undisturbed.files)
            #expect(athena.executionIDs.count == 1)
        }
    }
}
