import Digest
import Foundation
import JSON
import Testing
import TestSupport
import Threading

@Suite(.limitedConcurrency) struct `Two processes in one directory` {
    @Test func `of two runs started together, one does the work and the other makes no call`() async throws {
        for _ in 0..<max(4, 100 / FaultInjectionJob.stride) {
            try await TestMachine.withTemporaryDirectory { directory in
                // The first run gets no rows before the second one has ended.
                let isDecided = Locked(false)
                let athena = FakeAthena(result: .customers(10), isSigned: isSigned) { call in
                    guard call.operation == "GetQueryResults" else { return nil }
                    return .before { while !isDecided.withLock({ $0 }) { usleep(1000) } }
                }
                let outcomes = try await athena.serve { url in
                    try await withThrowingTaskGroup(of: Executable.Outcome.self) { group in
                        for _ in 1...2 {
                            group.addTask {
                                let outcome = try await Executable.run(["--endpoint-url", url, "--output", directory])
                                isDecided.withLock { $0 = true }
                                return outcome
                            }
                        }
                        return try await group.reduce(into: [Executable.Outcome]()) { $0.append($1) }
                    }
                }
                #expect(outcomes.map(\.status) == [75, 0], "\(outcomes)")
                #expect(outcomes[0].errors.contains("another run is at work in \(directory)/customers"))
                #expect(athena.count(of: "StartQueryExecution") == 1)
            }
        }
    }

    @Test func `the lock ends with the process that held it`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let process = RunningProcess()
            let athena = FakeAthena(result: .customers(10), isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 1 ? .before { process.kill() } : nil
            }
            try await athena.serve { url in
                let arguments = ["--endpoint-url", url, "--output", directory]
                let killed = try await Executable.run(arguments, onStart: process.started)
                let next = try await Executable.run(arguments)
                #expect(killed.status == nil && next.status == 0, "\(next.errors)")
            }
        }
    }

    @Test func `a reader beside the writer never sees a manifest that is wrong`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(400)
            result.pageRows = 9
            let athena = FakeAthena(result: result, isSigned: isSigned)
            let isWriting = Locked(true)
            let reads = Locked(0)
            try await athena.serve { url in
                async let reader: Void = Self.readAgainAndAgain("\(directory)/customers", counting: reads) {
                    isWriting.withLock { $0 }
                }
                var runs = 0
                // On a busy machine the reader is late, so there is more to read beside.
                while runs < 3 || runs < 30 && reads.withLock({ $0 < 1000 }) {
                    let outcome = try await Executable.run(
                        ["--endpoint-url", url, "--output", directory, "--batch-rows", "10"])
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    runs += 1
                }
                isWriting.withLock { $0 = false }
                try await reader
            }
            #expect(reads.withLock { $0 } >= 1000, "only \(reads.withLock { $0 }) batches were read")
        }
    }

    /// Compares each listed batch with the manifest that lists it.
    private static func readAgainAndAgain(
        _ table: String, counting reads: Locked<Int>, while isWriting: @Sendable () -> Bool
    ) async throws {
        while isWriting() {
            await Task.yield()
            guard let bytes = FileManager.default.contents(atPath: "\(table)/manifest.json") else { continue }
            let manifest = JSONField(try JSONValue(parsing: Array(bytes)))
            for batch in try manifest.member("batches").elements() {
                let path = "\(table)/\(try batch.member("path").string())"
                let data = try #require(FileManager.default.contents(atPath: path), "\(path) is listed and missing")
                #expect(SHA256.hash(Array(data)).hexadecimal == (try batch.member("sha256").string()))
                reads.withLock { $0 += 1 }
            }
            let files = TestMachine.files(below: "\(table)/data").keys
            #expect(!files.contains { $0.contains(".tmp") })
        }
    }
}
