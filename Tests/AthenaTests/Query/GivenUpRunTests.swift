import BatchExport
import Clock
import Foundation
import HTTPTransport
import InMemoryLogging
import JSON
import Loopback
import SystemPackage
import Testing
import TestSupport

@testable import Athena

/// A run that has files is given up by `--restart`, and the new one has the same name.
@Suite(.limitedConcurrency) struct `A run that takes the place of one of its name` {
    /// Runs until two of three batches are in files, and then is to be restarted.
    private static func halfDone(_ directory: String, _ body: (inout InProcessExport) async throws -> Void) async throws
    {
        var result = FakeResult(rowCount: 50)
        result.pageRows = 11
        result.states = ["SUCCEEDED"]
        var export = InProcessExport(FakeAthena(result: result), in: directory)
        export.maxAttempts = 1
        export.fault = { call in
            guard call.operation == "GetQueryResults", call.operationNumber == 5 else { return nil }
            throw HTTPTransportError.couldNotResolve(host: "athena")
        }
        _ = try? await export.run()
        try #require(export.files.count == 2)
        export.fault = { _ in nil }
        // The next run begins at another time.
        try await export.time.runtime.sleep(.seconds(86_400))
        try await body(&export)
    }

    private static func statuses(_ export: InProcessExport) throws -> [String] {
        try export.manifest().member("runs").elements().map { try $0.member("status").string() }
    }

    @Test func `its query is stopped when it is interrupted, though the other one has rows in files`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await Self.halfDone(directory) { export in
                var restarted = export
                restarted.change = { $0.restart = true }
                restarted.fault = { call in
                    if call.operation == "GetQueryExecution" { throw CancellationError() }
                    return nil
                }
                try await restarted.isCancelledWhileQueryRuns()
                #expect(export.athena.count(of: "StopQueryExecution") == 1)
                #expect(try Self.statuses(export) == ["abandoned"])
                _ = try await export.run()
                #expect(try Self.statuses(export) == ["abandoned", "succeeded"])
            }
        }
    }

    @Test func `a restart that is refused gives nothing up, and the run goes on as one`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await Self.halfDone(directory) { export in
                var other = export
                other.format = .ndjson
                other.change = { $0.restart = true }
                try await other.fails(with: ExportError.self)
                #expect(try Self.statuses(export) == ["running"])
                _ = try await export.run()
                #expect(try Self.statuses(export) == ["succeeded"] && export.athena.executionIDs.count == 1)
            }
        }
    }

    @Test func `a run whose state is lost is given up with a warning that counts its rows`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await Self.halfDone(directory) { export in
                try FileManager.default.removeItem(atPath: export.directory.state.string)
                _ = try await export.run()
                #expect(try Self.statuses(export) == ["abandoned", "succeeded"])
                let warnings = export.log.warnings.map { "\($0.message)" }.filter { $0.contains("is given up") }
                #expect(warnings.count == 1 && warnings[0].contains("since state.json is missing"))
                #expect(warnings[0].contains("the 40 rows that it has exported stay"))
            }
        }
    }
}
