import Foundation
import Loopback
import Testing
import TestSupport

private let prlimit = "/usr/bin/prlimit"

/// Limits that change while a command runs, like those that it shares with other processes.
@Suite(
    .limitedConcurrency,
    .enabled(if: FileManager.default.isExecutableFile(atPath: prlimit), "needs prlimit of util-linux"))
struct `Open files that run out during a run` {
    /// Exports while the command may open no more files from a call on, and then without that limit.
    ///
    /// - Parameter closes: whether the service ends the connection with its answer, so that the next call needs one.
    private static func export(
        from operation: String, closes: Bool
    ) async throws -> (limited: Executable.Outcome, again: Executable.Outcome, FakeAthena) {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.states = ["RUNNING", "SUCCEEDED"]
            let process = RunningProcess()
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                guard call.operation == operation, call.operationNumber == 1 else { return nil }
                return .alter { answer in
                    process.processID.map(Self.forbidFiles)
                    if closes { answer.headers["Connection"] = "close" }
                }
            }
            return try await athena.serve { url in
                let arguments = ["--endpoint-url", url, "--output", directory, "--max-attempts", "2"]
                let limited = try await Executable.run(arguments, onStart: process.started)
                return (limited, try await Executable.run(arguments), athena)
            }
        }
    }

    /// Files that are open stay open.
    private static func forbidFiles(of id: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: prlimit)
        process.arguments = ["--pid", String(id), "--nofile=3:1024"]
        #expect(throws: Never.self) { try process.run() }
        process.waitUntilExit()
    }

    @Test(arguments: ["StartQueryExecution", "GetQueryResults"])
    func `a file that could not be opened is named, and the next run completes`(
        _ operation: String
    ) async throws {
        let (limited, again, athena) = try await Self.export(from: operation, closes: false)
        expectError(limited, 74, ["Too many open files", "raise the limit of open files (ulimit -n)"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(athena.executionIDs.count == 1)
    }

    @Test func `a connection that could not be opened is named, and the next run completes`() async throws {
        let (limited, again, athena) = try await Self.export(from: "GetQueryExecution", closes: true)
        expectError(limited, 75, ["Too many open files in this process (ulimit -n)"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(athena.executionIDs.count == 1)
    }
}
