import Foundation
import Testing
import TestSupport
import Threading

#if os(Linux)
    @Suite(.limitedConcurrency) struct `Threads of a run` {
        /// Dispatch has a group of threads for each priority, and names the threads after it. Higher ones come first at the
        /// processor if the system allows it.
        @Test(arguments: ["api", "s3"])
        func `all tasks of a run share the threads of one priority, the usual one`(source: String) async throws {
            try await TestMachine.withTemporaryDirectory { directory in
                let process = RunningProcess()
                let names = Locked(Set<String>())
                let look: @Sendable (PendingCall) -> Fault? = { _ in
                    .before {
                        guard let id = process.processID else { return }
                        let found = Self.threadNames(of: id)
                        names.withLock { $0.formUnion(found) }
                    }
                }
                var result = FakeResult.customers(400).inS3
                result.pageRows = 50
                let athena = FakeAthena(
                    result: result, s3: FakeS3(result, script: look), isSigned: isSigned, script: look)
                let outcome = try await athena.serve { url in
                    try await Executable.run(
                        ["--endpoint-url", url, "--output", directory, "--source", source], onStart: process.started)
                }
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(names.withLock { $0 }.filter { $0.hasSuffix("-qos") } == ["oot.default-qos"])
            }
        }

        private static func threadNames(of id: Int32) -> [String] {
            let tasks = "/proc/\(id)/task"
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
            return threads.compactMap { try? String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8) }
                .map { $0.trimmingCharacters(in: .newlines) }
        }
    }
#endif
