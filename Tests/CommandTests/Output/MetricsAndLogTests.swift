import Athena
import BatchExport
import Foundation
import JSON
import Logging
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Metrics and logs` {
    /// The value of a metric without a phase; nil if it is not there.
    private func metric(_ name: String, in file: String) throws -> String? {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        return text.split(separator: "\n").first { $0.hasPrefix("athena_export_\(name){table=\"customers\"} ") }
            .map { String($0.split(separator: " ")[1]) }
    }

    @Test func `metrics say how the last run went, and when one last succeeded`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let file = "\(directory)/customers.prom"
            func run(_ athena: FakeAthena, _ options: [String] = []) async throws -> Int32? {
                try await athena.serve { url in
                    try await Executable.run(
                        ["--endpoint-url", url, "--output", directory, "--metrics-file", file] + options)
                }.status
            }
            let throttled = FakeAthena(result: .customers(1500), isSigned: isSigned) { call in
                call.number == 1 ? .error("TooManyRequestsException", "slowly") : nil
            }
            #expect(try await run(throttled) == 0)
            #expect(try metric("last_run_success", in: file) == "1")
            #expect(try metric("run_rows", in: file) == "1500")
            #expect(try metric("run_batches", in: file) == "1")
            #expect(try metric("run_retries", in: file) == "1")
            #expect(try metric("run_requests", in: file) == "\(throttled.calls.count)")
            let success = try #require(try metric("last_success_timestamp_seconds", in: file))
            #expect(abs((Double(success) ?? 0) - Date().timeIntervalSince1970) < 600)

            var failing = FakeResult.customers(10)
            failing.states = ["FAILED"]
            #expect(try await run(FakeAthena(result: failing)) == 1)
            #expect(try metric("last_run_success", in: file) == "0")
            #expect(try metric("last_run_exit_status", in: file) == "1")
            #expect(try metric("run_rows", in: file) == "0")
            #expect(try metric("last_success_timestamp_seconds", in: file) == success)
            // Metrics are written even if the run never began.
            #expect(try await run(FakeAthena(result: failing), ["--key", "email"]) == 65)
            #expect(try metric("last_run_exit_status", in: file) == "65")
            #expect(try metric("last_success_timestamp_seconds", in: file) == success)
            #expect(!TestMachine.files(below: directory).keys.contains { $0.hasSuffix(".tmp") })
        }
    }

    @Test func `metrics are in the text format of Prometheus`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
            // A name without a directory means the working directory.
            let outcome = try await Executable.run(
                ["--replay", fixture, "--metrics-file", "m.prom", "--log-format", "json"], directory: directory)
            #expect(outcome.status == 0 && !outcome.errors.contains("metrics_not_written"), "\(outcome.errors)")
            let text = try String(contentsOfFile: "\(directory)/m.prom", encoding: .utf8)
            #expect(text.hasSuffix("\n"))
            let sample = /athena_export_([a-z_]+)\{table="customers"(,phase="[a-z]+")?\} [0-9]+(\.[0-9]+)?/
            var described: Set<Substring> = []
            for line in text.split(separator: "\n") {
                if line.hasPrefix("# ") {
                    described.insert(line.split(separator: " ")[2])
                } else {
                    let name = try #require(try sample.wholeMatch(in: line)?.1, "\(line)")
                    #expect(described.contains("athena_export_\(name)"))
                }
            }
        }
    }

    @Test func `metrics that have nowhere to go are refused before a query is paid for`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: .customers(10))
            let outcome = try await athena.serve { url in
                try await Executable.run([
                    "--endpoint-url", url, "--output", directory, "--metrics-file", "\(directory)/missing/m.prom",
                ])
            }
            #expect(outcome.status == 64 && outcome.errors.contains("--metrics-file"), "\(outcome.errors)")
            #expect(athena.calls.isEmpty)
        }
    }

    @Test func `metrics that cannot be written fail no export`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let file = "\(directory)/m.prom"
            try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
            let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
            let outcome = try await Executable.run([
                "--replay", fixture, "--output", directory, "--metrics-file", file, "--log-format", "json",
            ])
            #expect(outcome.status == 0)
            #expect(outcome.errors.contains(#""event":"metrics_not_written""#))
        }
    }

    /// The events on the page about watching.
    private static let documented: Set<String> = {
        let page = (try? Documentation.page("Watching")) ?? ""
        return Set(
            Documentation.tables(headed: "| events |", in: page).joined()
                .matches(of: /`([a-z_]+)`/).map { String($0.1) })
    }()

    @Test func `every event in a JSON log has a name that the documentation has`() async throws {
        var result = FakeResult.customers(2500)
        result.states = ["QUEUED", "MYSTERIOUS", "SUCCEEDED"]
        result.row = { $0 == 7 ? [nil, "a", "b", "c"] : FakeResult.customer($0) }
        let unlucky = FakeAthena(result: result, isSigned: isSigned) { call in
            switch (call.operation, call.operationNumber) {
            case ("GetQueryExecution", 1): .error("TooManyRequestsException", "slowly")
            case ("GetQueryResults", 3): .error("InvalidRequestException", "no")
            default: nil
            }
        }
        try await TestMachine.withTemporaryDirectory { directory in
            var lines: [Substring] = []
            for _ in 1...2 {
                let outcome = try await unlucky.serve { url in
                    try await Executable.run([
                        "--endpoint-url", url, "--output", directory, "--log-format", "json", "--log-level", "trace",
                        "--run-id", "nightly",
                    ])
                }
                lines += outcome.errors.split(separator: "\n").filter { !$0.hasPrefix("athena-export: error: ") }
            }
            var seen: Set<String> = []
            for line in lines {
                let event = JSONField(try JSONValue(parsing: Array(line.utf8)))
                let name = try event.member("event").string()
                #expect(Self.documented.contains(name), "\(name) in \(line)")
                seen.insert(name)
            }
            #expect(
                seen.isSuperset(of: [
                    "credentials_found", "run_started", "query_started", "request_retried", "query_state_unknown",
                    "query_succeeded", "rows_rejected", "batch_published", "run_failed", "run_resumed", "run_succeeded",
                ]), "\(seen.sorted())")
        }
    }

    @Test func `numbers in a JSON log are numbers`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await FakeAthena(result: .customers(30)).serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", directory, "--log-format", "json"])
            }
            let last = try #require(outcome.errors.split(separator: "\n").last)
            let event = JSONField(try JSONValue(parsing: Array(last.utf8)))
            #expect(try event.member("event").string() == "run_succeeded")
            #expect(try event.member("rows").integer() == 30)
            #expect(try event.member("exit_status").integer() == 0)
        }
    }
}

/// Keeps what is logged.
private final class LogRecorder: LogHandler, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [(message: String, metadata: Logger.Metadata)] = []
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lock.withLock { kept.append((event.message.description, event.metadata ?? [:])) }
    }

    var events: [(message: String, metadata: Logger.Metadata)] { lock.withLock { kept } }
}

@Suite struct `Progress without a terminal` {
    @Test func `progress is a quiet line every half minute, with what is left`() {
        let recorder = LogRecorder()
        let progress = ProgressReporter(
            console: Console(), isShown: false, logger: Logger(label: "test") { _ in recorder })
        let start = ContinuousClock.now
        progress.report(.query(state: "RUNNING", scannedBytes: nil), at: start + .seconds(29))
        #expect(recorder.events.isEmpty)
        progress.report(.query(state: "RUNNING", scannedBytes: nil), at: start + .seconds(31))
        progress.report(.total(rows: 100_000), at: start + .seconds(40))
        for second in 0...90 { progress.report(.export(.read(rows: second * 1000)), at: start + .seconds(50 + second)) }
        let events = recorder.events
        #expect(events.map { "\($0.metadata["event"] ?? "")" } == Array(repeating: "progress", count: events.count))
        #expect(events.count == 4, "\(events)")
        #expect(events[0].message.hasPrefix("query RUNNING"))
        #expect(events[2].message.hasPrefix("41,000 of 100,000 rows · 1,000 rows/s"), "\(events[2].message)")
        #expect(events[2].message.hasSuffix("59 s left"))
        #expect(events[2].metadata["rows"] == .stringConvertible(41_000))
        #expect(events[2].metadata["seconds_left"] == .stringConvertible(59))
    }

    @Test func `progress is silent when it is switched off`() {
        let progress = ProgressReporter(console: Console(), isShown: false, logger: nil)
        progress.report(.query(state: "RUNNING", scannedBytes: nil), at: .now + .seconds(3600))
    }

    @Test(arguments: [(59, "59 s"), (60, "1 min"), (3599, "59 min"), (7500, "2 h 5 min")])
    func `remaining times are rounded`(_ seconds: Int, _ text: String) {
        #expect(RunSummary.time(seconds) == text)
    }
}
