import Foundation
import JSON
import TestSupport
import Testing

/// Three batches of five pages: the job that is killed everywhere.
private func job() -> FakeResult {
    var result = FakeResult.customers(50)
    result.pageRows = 11
    result.row = { number in
        // A key that comes twice in a batch and again in a later one, and a row that is rejected.
        var row = FakeResult.customer(number)
        if number == 7 || number == 30 { row[0] = FakeResult.customer(3)[0] }
        if number == 41 { row[0] = nil }
        return row
    }
    return result
}

private func arguments(_ url: String, _ directory: String, _ format: String) -> [String] {
    ["--endpoint-url", url, "--output", directory, "--format", format, "--batch-rows", "20", "--run-id", "nightly"]
}

/// The files of a run that nothing disturbed, and how many changes of files it took.
private func reference(_ format: String, in directory: String) async throws -> (
    files: [String: Data], manifest: String, points: Int, calls: Int
) {
    let athena = FakeAthena(result: job(), isSigned: isSigned)
    let log = "\(directory)/points"
    let outcome = try await athena.serve { url in
        try await Executable.run(
            arguments(url, "\(directory)/reference", format), environment: FaultShim.environment(log: log))
    }
    try #require(outcome.status == 0, "\(outcome.errors)")
    let table = "\(directory)/reference/customers"
    let points = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count
    return (exported(table), try ExportedTable.comparable("\(table)/manifest.json"), points, athena.calls.count)
}

/// Everything that a loader may read, by name.
private func exported(_ table: String) -> [String: Data] {
    TestMachine.files(below: table).filter { $0.key.hasPrefix("data/") || $0.key.hasPrefix("rejected/") }
}

/// Every file that the manifest lists is there and whole, whatever happened.
private func expectManifestHolds(_ table: String) async throws {
    guard FileManager.default.fileExists(atPath: "\(table)/manifest.json") else { return }
    _ = try await ExportedTable(table).contents()
}

@Suite struct `Killed and run again` {
    @Test(.enabled(if: FaultShim.path != nil, "needs a C compiler and LD_PRELOAD"), arguments: ["csv", "ndjson"])
    func `SIGKILL before any change of a file leaves what the same command completes to the same bytes`(
        _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let reference = try await reference(format, in: directory)
            #expect(reference.points >= 60, "only \(reference.points) points were found")
            try await forEachConcurrently(1...reference.points) { point in
                let output = "\(directory)/\(point)"
                let athena = FakeAthena(result: job(), isSigned: isSigned)
                let (killed, resumed) = try await athena.serve { url in
                    let killed = try await Executable.run(
                        arguments(url, output, format), environment: FaultShim.environment(killAt: point))
                    try await expectManifestHolds("\(output)/customers")
                    return (killed, try await Executable.run(arguments(url, output, format)))
                }
                #expect(killed.status == nil, "point \(point) was not reached")
                #expect(resumed.status == 0, "point \(point): \(resumed.errors)")
                #expect(exported("\(output)/customers") == reference.files, "point \(point)")
                #expect(
                    try ExportedTable.comparable("\(output)/customers/manifest.json") == reference.manifest,
                    "point \(point)")
                let state = try ExportedTable("\(output)/customers").state
                #expect(try state.member("status").string() == "succeeded", "point \(point)")
                #expect(athena.executionIDs.count == 1, "point \(point)")
                #expect(athena.badSignatures == 0)
            }
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, "needs a C compiler and LD_PRELOAD"))
    func `SIGKILL during any call to the service leaves what the same command completes to the same bytes`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let reference = try await reference("csv", in: directory)
            #expect(reference.calls >= 8)
            try await forEachConcurrently(1...reference.calls) { number in
                let process = RunningProcess()
                let athena = FakeAthena(result: job(), isSigned: isSigned) { call in
                    call.number == number ? .before { process.kill() } : nil
                }
                let output = "\(directory)/\(number)"
                let (killed, resumed) = try await athena.serve { url in
                    let killed = try await Executable.run(arguments(url, output, "csv"), onStart: process.started)
                    return (killed, try await Executable.run(arguments(url, output, "csv")))
                }
                #expect(killed.status == nil, "call \(number) was not reached")
                #expect(resumed.status == 0, "call \(number): \(resumed.errors)")
                #expect(exported("\(output)/customers") == reference.files, "call \(number)")
                #expect(athena.executionIDs.count == 1, "call \(number)")
                // The query may be sent twice, but then with one token and one body.
                #expect(Set(athena.calls.filter { $0.operation == "StartQueryExecution" }.map(\.body)).count == 1)
            }
        }
    }
}

/// Runs a body for every number, a few at a time.
private func forEachConcurrently(
    _ numbers: ClosedRange<Int>, _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, number) in numbers.enumerated() {
            if index >= 4 { try await group.next() }
            group.addTask { try await body(number) }
        }
        try await group.waitForAll()
    }
}
