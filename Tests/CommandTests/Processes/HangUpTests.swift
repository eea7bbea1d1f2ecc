import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency) struct `Hang-ups of the terminal` {
    /// Sends these signals to a run that waits for its query.
    ///
    /// - Parameter launcher: the program that starts the command; nil to start it directly.
    private static func run(
        _ signals: [Int32], launcher: [String] = [], states: [String] = ["RUNNING"]
    ) async throws -> (outcome: Executable.Outcome, athena: FakeAthena) {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.states = states
            let process = RunningProcess()
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                guard call.operationNumber == 1 else { return nil }
                switch call.operation {
                case "GetQueryExecution": return .before { signals.first.map(process.send) }
                case "StopQueryExecution" where signals.count > 1:
                    signals.dropFirst().forEach(process.send)
                    // Long enough for the signals to have their effect before the answer ends the run.
                    return .delay(signals.last == SIGHUP ? .milliseconds(300) : .seconds(60))
                default: return nil
                }
            }
            let outcome = try await athena.serve { url in
                let options = ["--endpoint-url", url, "--output", directory, "--log-format", "json"]
                let command = launcher + [Executable.path] + options
                return try await Executable.run(
                    command[0], Array(command.dropFirst()), environment: Executable.environment(),
                    onStart: process.started)
            }
            return (outcome, athena)
        }
    }

    @Test func `a hang-up ends the run once, however many signals it causes`() async throws {
        // The kernel signals the job in front, and the shell each of its jobs.
        let (outcome, athena) = try await stoppedInTime { try await Self.run([SIGHUP, SIGHUP, SIGHUP]) }
        #expect(outcome.status == 129 && outcome.errors.contains("query_stopped"), "\(outcome.errors)")
        #expect(athena.stoppedExecutions == athena.executionIDs && athena.executionIDs.count == 1)
    }

    @Test func `a hang-up does not cut short the end that another signal began`() async throws {
        let (outcome, athena) = try await stoppedInTime { try await Self.run([SIGTERM, SIGHUP]) }
        #expect(outcome.status == 143 && outcome.errors.contains("query_stopped"), "\(outcome.errors)")
        #expect(athena.stoppedExecutions == athena.executionIDs)
    }

    @Test func `a hang-up can be followed by a signal that ends the process at once`() async throws {
        let (outcome, _) = try await Self.run([SIGHUP, SIGINT])
        #expect(outcome.status == 130, "\(outcome.errors)")
    }

    @Test(arguments: [["/usr/bin/env", "nohup"], ["/bin/sh", "-c", #"trap '' HUP; exec "$@""#, "sh"]])
    func `a hang-up does not end a run that was started to outlive it`(_ launcher: [String]) async throws {
        let (outcome, athena) = try await Self.run(
            [SIGHUP], launcher: launcher, states: ["RUNNING", "RUNNING", "SUCCEEDED"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(athena.stoppedExecutions.isEmpty)
    }

    @Test func `a hang-up ends a command that reads many tables, whichever it is at`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let exported = try await FakeAthena(result: .customers(30_000), isSigned: isSigned).serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", "\(directory)/one"])
            }
            try #require(exported.status == 0, "\(exported.errors)")
            // It takes a second or two for a hundred copies.
            let outcome = try await Executable.run(
                "/bin/sh",
                [
                    "-c",
                    """
                    mkdir many; for n in $(seq 100); do cp -al one/customers many/t$n; done
                    "$0" verify many >/dev/null & sleep 0.3; kill -HUP $!; wait $!
                    """,
                    Executable.path,
                ],
                environment: Executable.environment(), directory: directory)
            #expect(outcome.status == 129, "\(outcome.errors)")
        }
    }
}
