import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Clock, locale and streams of the environment` {
    private static let year = 365 * 24 * 3600

    @Test(
        .enabled(if: FaultShim.path != nil, FaultShim.needs),
        arguments: [
            ["CLOCK_OFFSET": "\(-year)"], ["CLOCK_OFFSET": "\(year)"], ["CLOCK_JUMP": "\(-year)"],
            ["CLOCK_JUMP": "\(year)"],
        ])
    func `a clock that is a year off, or jumps by a year, changes no byte and causes no delay`(
        _ clock: [String: String]
    ) async throws {
        try await FaultInjectionJob.prepared("csv") { job in
            let output = job.output("clock")
            try job.expectComplete(output, try await job.run(output, environment: clock), "\(clock)")
            let resumed = job.output("resumed")
            _ = try await job.run(
                resumed, FileFault(action: .kill, point: job.points.count * 2 / 3), environment: clock)
            try job.expectComplete(resumed, try await job.run(resumed, environment: clock), "\(clock), resumed")
        }
    }

    @Test(.enabled(if: FaultShim.path != nil, FaultShim.needs), arguments: ["-3600", "3600"])
    func `a service that checks the time gets its own`(_ offset: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.clockTolerance = 300
            let athena = FakeAthena(result: result, isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run(
                    ["--endpoint-url", url, "--output", directory],
                    environment: FaultShim.environment(root: directory, more: ["CLOCK_OFFSET": offset]))
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            // One refusal; every later call has the service's time.
            #expect(athena.count(of: "StartQueryExecution") == 2)
            #expect(athena.calls.count == 5)
        }
    }

    @Test(
        arguments: [
            ["LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"], ["TZ": "Pacific/Kiritimati"], ["TZ": ":/nonexistent"],
            ["HOME": ""], ["TMPDIR": "/nonexistent"], ["PATH": ""],
        ])
    func `locale, time zone and other variables change no byte`(_ variables: [String: String]) async throws {
        try await FaultInjectionJob.prepared("ndjson") { job in
            let output = job.output("variables")
            try job.expectComplete(output, try await job.run(output, environment: variables), "\(variables)")
        }
    }

    @Test(arguments: ["", "<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
    func `closed or full standard streams cost the summary at most`(_ redirections: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = "\(directory)/customers"
            let command =
                "umask 022; exec \"$0\" --replay \"$1\" --output \"$2\" --log-level debug --batch-rows 20 \(redirections)"
            let outcome = try await Executable.run(
                "/bin/sh",
                ["-c", command, Executable.path, "\(TestMachine.root.path)/fixtures/customers", directory],
                environment: Executable.environment())
            #expect(
                outcome.status
                    == (redirections.contains(">&-") && !redirections.hasPrefix("2") || redirections == ">/dev/full"
                        ? 74 : 0))
            let exported = try ExportedTable(table)
            #expect(try exported.state.member("status").string() == "succeeded")
            #expect(try await exported.contents().count == 3)
            // No output of a stream went into a file that got its number.
            #expect(TestMachine.files(below: "\(table)/.work") == ["lock": Data()])
        }
    }
}
