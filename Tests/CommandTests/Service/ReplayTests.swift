import Foundation
import JSON
import Testing
import TestSupport

private let fixtures = TestMachine.root.appendingPathComponent("fixtures").path
private let expected = TestMachine.root.appendingPathComponent("Tests/Expected").path

/// Runs below a directory that is removed afterwards.
private func replay<Result>(
    _ scenario: String, _ arguments: [String] = [], environment: [String: String] = Executable.environment(),
    _ check: (Executable.Outcome, String) async throws -> Result
) async throws -> Result {
    try await TestMachine.withTemporaryDirectory { directory in
        let outcome = try await Executable.run(
            ["--replay", "\(fixtures)/\(scenario)", "--output", directory] + arguments, environment: environment)
        return try await check(outcome, "\(directory)/customers")
    }
}

@Suite(.limitedConcurrency) struct `Replaying recorded results` {
    struct Case: Sendable, CustomTestStringConvertible {
        let scenario: String
        var expected: String
        var options: [String] = []
        var testDescription: String { expected }

        init(_ scenario: String, expected: String? = nil, options: [String] = []) {
            self.scenario = scenario
            self.expected = expected ?? scenario
            self.options = options
        }
    }

    @Test(
        arguments: [
            Case("customers"), Case("customers", expected: "customers-20-rows", options: ["--batch-rows", "20"]),
            Case("all-types"), Case("throttled"), Case("rejected-rows"),
            Case("show-tables", options: ["--key", "tab_name"]),
        ], ["csv", "ndjson"])
    func `files hold what the rules say, to the byte`(_ scenario: Case, _ format: String) async throws {
        try await replay(scenario.scenario, scenario.options + ["--format", format]) { outcome, table in
            #expect(outcome.status == 0, "\(outcome.errors)")
            let contents = try await ExportedTable(table).contents()
            for (index, content) in contents.enumerated() {
                let file = "\(expected)/\(scenario.expected)/batch=00000\(index + 1).\(format)"
                #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data(content.utf8), "\(file)")
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(expected)/\(scenario.expected)")
            #expect(contents.count == files.count { $0.hasPrefix("batch=") && $0.hasSuffix(".\(format)") })
            for file in files where file.hasPrefix("rejected-") {
                let number = file.dropFirst(9).prefix(6)
                let rejected = try await TestMachine.gunzip("\(table)/rejected/customers-\(number).ndjson.gz")
                #expect(
                    try Data(contentsOf: URL(fileURLWithPath: "\(expected)/\(scenario.expected)/\(file)"))
                        == Data(rejected.utf8))
            }
        }
    }

    @Test func `the summary and the manifest count alike`() async throws {
        try await replay("customers", ["--batch-rows", "20", "--summary", "json"]) { outcome, table in
            let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
            let manifest = try ExportedTable(table).manifest
            #expect(try summary.member("status").string() == "succeeded")
            #expect(try summary.member("rows").integer() == 44)
            #expect(try summary.member("duplicate_rows").integer() == 1)
            #expect(try summary.member("rejected_rows").integer() == 0)
            #expect(try summary.member("batches").integer() == 3)
            #expect(try summary.member("resumed").bool() == false)
            #expect(try summary.member("source").string() == "api")
            #expect(try summary.member("manifest").string() == "\(table)/manifest.json")
            for key in ["rows", "bytes", "uncompressed_bytes", "batches"] {
                #expect(try manifest.member("totals").member(key).integer() == summary.member(key).integer())
            }
            let batches = try manifest.member("batches").elements()
            #expect(try batches.map { try $0.member("first_row").integer() } == [1, 21, 41])
            #expect(try batches.map { try $0.member("last_row").integer() } == [20, 40, 45])
        }
    }

    @Test func `a result without rows succeeds with columns and no batch`() async throws {
        try await replay("empty-result") { outcome, table in
            #expect(outcome.status == 0)
            let manifest = try ExportedTable(table).manifest
            #expect(try manifest.member("batches").elements().isEmpty)
            #expect(try manifest.member("columns").elements().count == 4)
            #expect(try manifest.member("runs").elements()[0].member("status").string() == "succeeded")
        }
    }

    @Test(arguments: [("failed-query", "FAILED"), ("cancelled-query", "CANCELLED")])
    func `a query that ends badly is a failed run, with its reason`(_ scenario: String, _ state: String) async throws {
        try await replay(scenario, ["--summary", "json"]) { outcome, table in
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("athena-export: error: query"))
            #expect(outcome.errors.contains("ended \(state)"))
            if state == "FAILED" {
                #expect(
                    outcome.errors.contains("TABLE_NOT_FOUND")
                        && outcome.errors.contains("ErrorCategory 2, ErrorType 1100"))
            }
            #expect(!FileManager.default.fileExists(atPath: "\(table)/manifest.json"))
            let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
            #expect(try summary.member("status").string() == "failed")
            #expect(try summary.member("error").member("kind").string() == "query")
        }
    }

    @Test func `after a failed query the next run starts a new one`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let options = ["--output", directory]
            let failed = try await Executable.run(["--replay", "\(fixtures)/failed-query"] + options)
            let next = try await Executable.run(["--replay", "\(fixtures)/customers"] + options)
            #expect(failed.status == 1 && next.status == 0)
        }
    }

    @Test func `throttling and lost answers are retried and logged`() async throws {
        try await replay("throttled") { outcome, _ in
            #expect(outcome.status == 0)
            for word in [
                "queue of queries is full", "ThrottlingException", "http_status=503", "InternalServerException",
            ] {
                #expect(outcome.errors.contains(word), "\(word)")
            }
        }
    }

    @Test func `nothing of the machine's AWS settings is read`() async throws {
        let environment = Executable.environment([
            "AWS_CONFIG_FILE": "/proc/self/mem", "AWS_PROFILE": "missing", "AWS_REGION": "no region",
            "AWS_ENDPOINT_URL": "ftp://x", "AWS_ACCESS_KEY_ID": "",
        ])
        try await replay("customers", environment: environment) { outcome, _ in
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test func `a run of a name that has succeeded is not run again`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let command = ["--replay", "\(fixtures)/customers", "--output", directory, "--run-id", "2026-11-23"]
            let first = try await Executable.run(command)
            #expect(first.status == 0)
            let before = TestMachine.files(below: directory)
            let again = try await Executable.run(command)
            #expect(again.status == 0 && again.output.contains("nothing to do"))
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test func `what was recorded replays to the same bytes and holds no secret`() async throws {
        let token = "canary-session-token-0123456789"
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(2500)
            result.states = ["QUEUED", "SUCCEEDED"]
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                call.number == 2
                    ? .error("ThrottlingException", "arn:aws:iam::123456789012:user/x \(token)") : nil
            }
            let recorded = try await athena.serve { url in
                try await Executable.run(
                    ["--endpoint-url", url, "--output", "\(directory)/live", "--record", "\(directory)/recorded"],
                    environment: Executable.environment(["AWS_SESSION_TOKEN": token]))
            }
            #expect(recorded.status == 0, "\(recorded.errors)")
            let replayed = try await Executable.run([
                "--replay", "\(directory)/recorded", "--output", "\(directory)/replayed",
            ])
            #expect(replayed.status == 0, "\(replayed.errors)")
            func data(_ name: String) -> [String: Data] {
                TestMachine.files(below: "\(directory)/\(name)/customers").filter { $0.key.hasPrefix("data/") }
            }
            #expect(data("live") == data("replayed"))
            let recording = TestMachine.files(below: "\(directory)/recorded")
            #expect(recording.keys.contains("GetQueryExecution-1.400.json"))
            for (name, data) in recording {
                let text = String(decoding: data, as: UTF8.self)
                for secret in [token, Executable.accessKeyID, Executable.secretAccessKey, "123456789012"] {
                    #expect(!text.contains(secret), "\(name)")
                }
            }
            #expect(!recorded.errors.contains(token) && !recorded.output.contains(token))
        }
    }
}
