import Foundation
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Recordings` {
    private func record(
        _ athena: FakeAthena, _ recording: String, _ options: [String] = [], in directory: String
    ) async throws -> Executable.Outcome {
        try await athena.serve { url in
            try await run(
                ["--endpoint-url", url, "--batch-rows", "10", "--record", recording] + options, in: directory)
        }
    }

    private static var result: FakeResult {
        var result = FakeResult.customers(50)
        result.pageRows = 11
        return result
    }

    @Test func `a recording is of one run: another one into its directory sends nothing and changes nothing`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let first = try await record(FakeAthena(result: Self.result), "r", in: directory)
            #expect(first.status == 0, "\(first.errors)")
            let before = TestMachine.files(below: directory)
            let athena = FakeAthena(result: .customers(5))
            // The next run of the same table, a run of another one, and one with the name of the first.
            for options in [[], ["--output", "new"], ["--output", "new", "--run-id", "nightly"]] {
                let outcome = try await record(athena, "r", options, in: directory)
                expectError(outcome, 73, ["--record", "new or empty directory"])
            }
            #expect(athena.calls.isEmpty)
            #expect(TestMachine.files(below: directory).filter { !$0.key.hasPrefix("new/") } == before)
            // A refused run leaves nothing that blocks the corrected one.
            let corrected = try await record(athena, "r2", ["--output", "new"], in: directory)
            #expect(corrected.status == 0, "\(corrected.errors)")
        }
    }

    @Test(arguments: ["notes.txt", "StartQueryExecution-1.json", ".hidden", "sub/"])
    func `a recording begins in a directory that is new or empty, and in no other`(_ name: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            for path in ["r", "empty"] + (name.hasSuffix("/") ? ["r/\(name)"] : []) {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(path)", withIntermediateDirectories: true)
            }
            if !name.hasSuffix("/") { try Data("x".utf8).write(to: URL(fileURLWithPath: "\(directory)/r/\(name)")) }
            let athena = FakeAthena(result: .customers(5))
            expectError(try await record(athena, "r", in: directory), 73, ["r is not empty"])
            #expect(athena.calls.isEmpty)
            for recording in ["empty", "new/deeper"] {
                let outcome = try await record(
                    FakeAthena(result: .customers(5)), recording, ["--output", "for-\(recording)"], in: directory)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let replayed = try await run(
                    ["--replay", recording, "--output", "again-\(recording)"], in: directory)
                #expect(replayed.status == 0, "\(replayed.errors)")
            }
        }
    }

    @Test func `a recording continues where the run does, and then replays whole`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result, isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && (3...4).contains(call.operationNumber)
                    ? .respond(status: 503, body: "") : nil
            }
            try await athena.serve { url in
                let arguments = [
                    "--endpoint-url", url, "--batch-rows", "10", "--record", "r", "--max-attempts", "1",
                ]
                let stopped = try await run(arguments, in: directory)
                #expect(stopped.status == 75, "\(stopped.errors)")
                // A new run does not mix with it, also in the same table.
                let before = TestMachine.files(below: "\(directory)/r")
                let other = try await run(arguments + ["--restart"], in: directory)
                expectError(other, 73, ["r is not empty"])
                #expect(TestMachine.files(below: "\(directory)/r") == before)
                var resumed = try await run(arguments, in: directory)
                if resumed.status == 75 { resumed = try await run(arguments, in: directory) }
                #expect(resumed.status == 0, "\(resumed.errors)")
            }
            #expect(athena.count(of: "StartQueryExecution") == 1)
            let replayed = try await run(
                ["--replay", "r", "--batch-rows", "10", "--output", "again"], in: directory)
            #expect(replayed.status == 0, "\(replayed.errors)")
            func data(_ output: String) -> [String: Data] {
                TestMachine.files(below: "\(directory)/\(output)/customers").filter { $0.key.hasPrefix("data/") }
            }
            #expect(data("export") == data("again") && !data("again").isEmpty)
        }
    }

    @Test func `a recording of a run that follows the unfinished one by its name has a directory of its own`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result, isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 3
                    ? .respond(status: 503, body: "") : nil
            }
            try await athena.serve { url in
                func arguments(_ run: String) -> [String] {
                    [
                        "--endpoint-url", url, "--batch-rows", "10", "--record", "r", "--max-attempts", "1",
                        "--run-id", run,
                    ]
                }
                #expect(try await run(arguments("a"), in: directory).status == 75)
                expectError(try await run(arguments("b"), in: directory), 73, ["r is not empty"])
                #expect(athena.count(of: "StartQueryExecution") == 1)
            }
        }
    }

    /// A place for a recording, the options beside it, and the shell command that prepares it.
    private static let places: [(place: String, options: [String], shell: String)] = [
        ("export/customers", [], ""), ("export/customers/data", [], ""), ("export/customers/data/deep/er", [], ""),
        ("export/none/../customers/data", [], ""), ("export/./customers/rejected", [], ""),
        ("export/Customers/DATA", [], ""), ("link/data", [], "mkdir -p export/customers; ln -s export/customers link"),
        ("export", [], ""), (".", [], ""), ("up", ["--output", "up/down"], ""),
        ("old/data", [], "mkdir -p old/data old/.work; touch old/.work/lock"),
    ]

    @Test(arguments: places.indices) func `a recording is never among the files of an export`(_ index: Int) async throws
    {
        let (place, options, shell) = Self.places[index]
        try await TestMachine.withTemporaryDirectory { directory in
            let made = try await Executable.run(
                "/bin/sh", ["-c", "true; \(shell)"], environment: Executable.environment(), directory: directory)
            try #require(made.status == 0, "\(made.errors)")
            let before = TestMachine.files(below: directory)
            let athena = FakeAthena(result: .customers(5))
            expectError(try await record(athena, place, options, in: directory), 64, ["--record", place])
            #expect(athena.calls.isEmpty && TestMachine.files(below: directory) == before)
        }
    }
}
