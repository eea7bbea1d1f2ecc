import Foundation
import JSON
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency) struct `Interruptions at any point` {
    @Test(
        .enabled(if: FaultShim.path != nil, FaultShim.needs),
        arguments: [(.terminate, 143, "csv"), (.interrupt, 130, "ndjson")] as [(FileFault.Action, Int32, String)],
        FaultInjectionJob.Source.allCases)
    func `a signal before any call that touches a file ends the run in order, and the next run completes it`(
        _ signal: (action: FileFault.Action, status: Int32, format: String), _ source: FaultInjectionJob.Source
    ) async throws {
        try await FaultInjectionJob.prepared(signal.format, from: source) { job in
            try await job.forEachPoint { point in
                let output = job.output("\(signal.action)-\(point)")
                let comment: Comment = "\(signal.action) at point \(point) (\(job.points[point - 1]))"
                let stopped = try await job.run(output, FileFault(action: signal.action, point: point))
                switch stopped.status {
                // Too early, before signals are handled, or too late, after the run has completed.
                case nil: #expect(!FileManager.default.fileExists(atPath: "\(output)/customers/state.json"), comment)
                case 0: try job.expectComplete(output, stopped, comment)
                default: #expect(stopped.status == signal.status, comment)
                }
                try await job.expectManifestHolds(output, comment)
                #expect(job.leftovers(output).isEmpty, comment)
                // A query that still ran was stopped, and is sent again.
                try job.expectComplete(output, try await job.run(output), stops: 1, comment)
            }
        }
    }

    /// The points at which a run can wait, and how the service makes it wait.
    enum Wait: String, CaseIterable, Sendable {
        case start, poll, retry, page

        func script(_ call: PendingCall) -> Fault? {
            switch (self, call.operation) {
            case (.start, "StartQueryExecution"), (.page, "GetQueryResults"): .delay(.seconds(1200))
            case (.retry, "GetQueryResults"): .respond(status: 503, body: "")
            default: nil
            }
        }

        var operation: String {
            switch self {
            case .start: "StartQueryExecution"
            case .poll: "GetQueryExecution"
            case .retry, .page: "GetQueryResults"
            }
        }
    }

    private static func interrupted(
        during wait: Wait, _ directory: String, signals: [Int32]
    ) async throws -> (Executable.Outcome, FakeAthena) {
        var result = FakeResult.customers(10)
        if wait == .poll { result.states = ["RUNNING"] }
        let athena = FakeAthena(result: result, isSigned: isSigned, script: wait.script)
        let process = RunningProcess()
        let outcome = try await athena.serve { url in
            async let outcome = Executable.run(
                ["--endpoint-url", url, "--output", directory, "--max-attempts", "1000"], onStart: process.started)
            try await athena.waitForCalls(wait == .retry ? 4 : 1, of: wait.operation, by: process)
            for signal in signals {
                process.send(signal)
                try await Task.sleep(for: .milliseconds(20))
            }
            return try await outcome
        }
        return (outcome, athena)
    }

    @Test(arguments: Wait.allCases, [(SIGHUP, 129), (SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `a run that waits ends without waiting longer`(_ wait: Wait, _ signal: (number: Int32, status: Int32))
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let clock = ContinuousClock.now
            let (outcome, _) = try await Self.interrupted(during: wait, directory, signals: [signal.number])
            #expect(outcome.status == signal.status, "\(outcome.errors)")
            // Two seconds are promised; a busy machine may take longer.
            #expect(ContinuousClock.now - clock < .seconds(600))
            #expect(FileManager.default.fileExists(atPath: "\(directory)/customers/state.json"))
        }
    }

    @Test func `a second signal ends the process at once`() async throws {
        let (outcome, _) = try await stoppedInTime {
            try await TestMachine.withTemporaryDirectory { directory in
                var result = FakeResult.customers(10)
                result.states = ["RUNNING"]
                let process = RunningProcess()
                let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                    guard call.operation == "StopQueryExecution" else { return nil }
                    process.send(SIGINT)
                    return .delay(.seconds(60))
                }
                let outcome = try await athena.serve { url in
                    let arguments = ["--endpoint-url", url, "--output", directory]
                    async let outcome = Executable.run(arguments, onStart: process.started)
                    try await athena.waitForCalls(of: "GetQueryExecution", by: process)
                    process.send(SIGTERM)
                    return try await outcome
                }
                return (outcome, athena)
            }
        }
        #expect(outcome.status == 130)
    }
}

/// Runs a command that stops its query at a signal, and repeats it if the stop was given up.
///
/// The service has a second and a half to answer, which may not be enough on a busy machine.
func stoppedInTime(
    _ run: () async throws -> (Executable.Outcome, FakeAthena)
) async throws -> (Executable.Outcome, FakeAthena) {
    for _ in 1..<20 {
        let run = try await run()
        if !run.0.errors.contains("could not be stopped in time") { return run }
    }
    return try await run()
}
