import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Output that cannot be written` {
    @Test func `a temporary name that is taken is the name in the error`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let taken = "\(directory)/export/customers/.work/customers-000001.csv.gz.tmp"
            try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: true)
            expectError(try await run(["--replay", customers], in: directory), 73, ["csv.gz.tmp"])
        }
    }

    @Test func `a recording into a file is refused before any call`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data().write(to: URL(fileURLWithPath: "\(directory)/taken"))
            let outcome = try await run(["--record", "taken", "--endpoint-url", "http://127.0.0.1:1"], in: directory)
            expectError(outcome, 73, ["taken"])
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs), arguments: 1...5)
    func `a disk that is too full for the recording is reported as such`(_ point: Int) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fault = FileFault(action: .error(.ENOSPC), point: point, every: 1)
            let outcome = try await FakeAthena(result: .customers(10), isSigned: isSigned).serve { url in
                try await Executable.run(
                    ["--endpoint-url", url, "--output", "\(directory)/export", "--record", "\(directory)/recorded"],
                    environment: FaultShim.environment(fault, root: "\(directory)/recorded"))
            }
            expectError(outcome, 74, ["recorded", "make room"])
        }
    }

    @Test func `a file in the place of the directory is named`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data().write(to: URL(fileURLWithPath: "\(directory)/taken"))
            let outcome = try await run(["--replay", customers, "--output", "taken"], in: directory)
            expectError(outcome, 73, ["taken"])
        }
    }

    @Test func `a summary that cannot be written is an error, and the export is complete`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/bin/sh", ["-c", #""$0" --replay "$1" >/dev/full"#, Executable.path, customers],
                environment: Executable.environment(), directory: directory)
            expectError(outcome, 74, ["summary"])
            #expect(try ExportedTable("\(directory)/export/customers").state.member("status").string() == "succeeded")
        }
    }

    @Test func `a reader of the log that closes it does not end the export`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/bin/sh",
                [
                    "-c", #"{ "$0" --replay "$1" --progress always --log-level trace; echo $? >status; } 2>&1 | true"#,
                    Executable.path, customers,
                ],
                environment: Executable.environment(), directory: directory)
            #expect(outcome.status == 0)
            #expect(try ExportedTable("\(directory)/export/customers").state.member("status").string() == "succeeded")
        }
    }

    @Test func `a second run in a directory that is at work ends at once`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.states = ["RUNNING"]
            let athena = FakeAthena(result: result)
            try await athena.serve { url in
                let process = RunningProcess()
                async let first = Executable.run(
                    ["--endpoint-url", url, "--output", directory], onStart: process.started)
                try await athena.waitForCalls(of: "GetQueryExecution", by: process)
                let second = try await run(["--replay", customers, "--output", directory], in: directory)
                expectError(second, 75, ["another run is at work"])
                process.kill()
                _ = try await first
                // The lock ends with its holder.
                let third = try await run(["--replay", customers, "--output", directory, "--restart"], in: directory)
                #expect(third.status == 0, "\(third.errors)")
            }
        }
    }
}
