import BatchExport
import Foundation
import JSON
import SystemPackage
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `A check before a run` {
    @Test func `a check of what is right sends one query, which reads no data, and leaves nothing behind`() async throws
    {
        let outcome = try await CheckJob().run()
        #expect(outcome.exceptions.isEmpty)
        #expect(outcome.report.exitStatus == .success)
        let started = outcome.athena.calls.filter { $0.operation == "StartQueryExecution" }
        #expect(started.count == 1)
        #expect(started[0].body.contains(#"SELECT * FROM (\nSELECT * FROM orders\n) LIMIT 0"#))
        #expect(outcome.report.tables[0].columns.map(\.name) == ["id", "price", "updated"])
        let credentials = try #require(outcome.verdict(.credentials)?.words)
        #expect(credentials.contains("assumed-role/exporter/nightly, account 111122223333"))
        #expect(
            try #require(outcome.verdict(.workGroup)?.words).contains("work group primary, Athena engine version 3"))
    }

    @Test(arguments: [["--nested", "json"], ["--source", "unload"], []])
    func `nested columns have the type that the run's files will have`(_ options: [String]) async throws {
        var job = CheckJob(result: CheckJob.columns([("id", "bigint"), ("tags", "array"), ("more", "map")]))
        job.options = options
        let outcome = try await job.run()
        #expect(outcome.report.exitStatus == .success, "\(outcome.exceptions)")
        let columns = outcome.report.tables[0].columns
        #expect(columns.map(\.type) == (options.isEmpty ? [.long, .string, .string] : [.long, .json, .json]))
        #expect(columns.map(\.sourceType) == ["bigint", "array", "map"])
    }

    /// What a service answers, the step that says so, in which words, and how the run would end.
    private struct Refusal: Sendable, CustomTestStringConvertible {
        let operation: String
        let fault: Fault
        let step: CheckStepName
        let words: [String]
        let status: CommandStatus
        /// The run continues without it.
        var isWarning = false
        var testDescription: String { "\(operation): \(words[0])" }
    }

    private static let denied = "User: arn:aws:iam::111122223333:user/x is not authorized to perform this"

    private static let refusals: [Refusal] = [
        Refusal(
            operation: "GetCallerIdentity", fault: .s3Error("AccessDenied", status: 403), step: .credentials,
            words: ["STS does not say whose they are"], status: .success, isWarning: true),
        Refusal(
            operation: "GetCallerIdentity", fault: .respond(status: 500, body: ""), step: .credentials,
            words: ["STS does not say whose they are"], status: .success, isWarning: true),
        Refusal(
            operation: "GetWorkGroup", fault: .error("AccessDeniedException", denied), step: .workGroup,
            words: ["allow athena:GetWorkGroup"], status: .success, isWarning: true),
        Refusal(
            operation: "GetWorkGroup", fault: .respond(status: 200, body: "{}"), step: .workGroup,
            words: ["GetWorkGroup"], status: .success, isWarning: true),
        Refusal(
            operation: "GetWorkGroup", fault: .error("InvalidRequestException", "WorkGroup x is not found."),
            step: .workGroup, words: ["is not found", "check --work-group"], status: .configuration),
        Refusal(
            operation: "StartQueryExecution", fault: .error("AccessDeniedException", denied), step: .statement,
            words: ["allow athena:StartQueryExecution"], status: .noPermission),
        Refusal(
            operation: "StartQueryExecution",
            fault: .error("InvalidRequestException", "No output location provided. An output location is required"),
            step: .statement, words: ["give --staging-dir s3://bucket/prefix/"], status: .configuration),
        Refusal(
            operation: "StartQueryExecution", fault: .error("ThrottlingException", "Rate exceeded"), step: .statement,
            words: ["Rate exceeded", "later"], status: .temporary),
        Refusal(
            operation: "GetQueryResults", fault: .error("AccessDeniedException", denied), step: .statement,
            words: ["allow athena:GetQueryResults"], status: .noPermission),
    ]

    @Test(arguments: refusals.indices) func `a refusal of a service is reported by its step, with what to do about it`(
        _ index: Int
    ) async throws {
        let refusal = Self.refusals[index]
        var job = CheckJob()
        job.options = ["--max-attempts", "1"]
        job.script = { $0.operation == refusal.operation ? refusal.fault : nil }
        let outcome = try await job.run()
        let verdict = try #require(outcome.verdict(refusal.step))
        for word in refusal.words { #expect(verdict.words.contains(word), "\(verdict)") }
        #expect(verdict.isWarning == refusal.isWarning)
        #expect(outcome.report.exitStatus == refusal.status)
        if refusal.step == .statement {
            for step in [CheckStepName.key, .resultObject] { #expect(outcome.verdict(step)?.isSkipped == true) }
        }
    }

    @Test(arguments: [
        (#"{"State": "DISABLED"}"#, CommandStatus.configuration, "enable the work group"),
        (#"{"State": "ENABLED"}"#, .configuration, "nothing says where results go"),
        (
            #"{"Configuration": {"ManagedQueryResultsConfiguration": {"Enabled": true}}}"#, .success,
            "Athena keeps the results"
        ),
        (
            #"{"Configuration": {"BytesScannedCutoffPerQuery": 10000000, "ResultConfiguration": {"OutputLocation": "s3://b/"}}}"#,
            .success, "at most 10.0 MB scanned a query, results go to s3://b/"
        ),
    ])
    func `the work group is reported, and what keeps it from taking the query`(
        _ group: String, _ status: CommandStatus, _ words: String
    ) async throws {
        var job = CheckJob()
        guard case .object(let object) = try JSONValue(parsing: Array(group.utf8)) else { return }
        job.result.workGroup = object
        let outcome = try await job.run()
        #expect(try #require(outcome.verdict(.workGroup)?.words).contains(words))
        #expect(outcome.report.exitStatus == status)
    }

    @Test func `a work group that puts results into another location causes a warning`() async throws {
        var job = CheckJob()
        job.options = ["--staging-dir", "s3://other/"]
        job.result.workGroup = [
            "Configuration": [
                "EnforceWorkGroupConfiguration": .bool(true),
                "ResultConfiguration": ["OutputLocation": "s3://results/exports/"],
            ]
        ]
        let verdict = try #require(try await job.run().verdict(.workGroup))
        #expect(verdict.isWarning && verdict.words.contains("which is enforced, not to s3://other/"))
    }

    @Test(arguments: [
        (["--key", "no_such"], CheckStepName.key, "the key column no_such is not in the result"),
        (["--key", "id", "--key", "No"], .key, "the key column No is not in the result"),
        (
            [
                "--query", "SELECT 1 WHERE price > {cursor}", "--cursor-column", "missing", "--cursor-start", "0",
            ], .cursor, "the cursor column missing is not in the result"
        ),
    ])
    func `a key or cursor that is not in the result fails its own step`(
        _ options: [String], _ step: CheckStepName, _ words: String
    ) async throws {
        var job = CheckJob()
        job.options = options
        let outcome = try await job.run()
        #expect(outcome.verdict(step)?.failure == .untrustedData)
        #expect(outcome.verdict(step)?.words.contains(words) == true)
        #expect(outcome.report.exitStatus == .untrustedData)
    }

    @Test func `a cursor without a beginning fails before a query is sent`() async throws {
        var job = CheckJob()
        job.options = ["--query", "SELECT 1 WHERE price > {cursor}", "--cursor-column", "price"]
        let outcome = try await job.run()
        #expect(outcome.verdict(.statement)?.failure == .configuration)
        #expect(outcome.verdict(.statement)?.words.contains("--cursor-start") == true)
        #expect(outcome.athena.count(of: "StartQueryExecution") == 0)
    }

    @Test func `a column called batch fails the step of the key`() async throws {
        var job = CheckJob()
        job.result = CheckJob.columns([("id", "bigint"), ("Batch", "bigint")])
        let outcome = try await job.run()
        #expect(outcome.verdict(.key)?.failure == .untrustedData)
        #expect(outcome.verdict(.key)?.words.contains("rename it with AS") == true)
    }

    @Test func `a query that fails in Athena is reported with its reason`() async throws {
        var job = CheckJob()
        job.result.states = ["FAILED"]
        job.result.stateChangeReason = "TABLE_NOT_FOUND: line 1:15"
        job.result.athenaError = ["ErrorCategory": .integer(2)]
        let outcome = try await job.run()
        #expect(outcome.verdict(.statement)?.words.contains("TABLE_NOT_FOUND: line 1:15") == true)
        #expect(outcome.report.exitStatus == .queryFailed)
    }

    @Test(arguments: [(["--query-timeout", "1s"], "1s"), (["--query-timeout", "2s"], "2s")])
    func `a query without rows that takes too long is stopped after the time of --query-timeout`(
        _ options: [String], _ limit: String
    ) async throws {
        var job = CheckJob()
        job.result.states = ["RUNNING"]
        job.options = options
        let outcome = try await job.run()
        let verdict = try #require(outcome.verdict(.statement))
        #expect(verdict.words.contains("was not finished after \(limit) and was stopped"))
        #expect(verdict.failure == .temporary && outcome.athena.count(of: "StopQueryExecution") == 1)
    }

    @Test(
        arguments: [
            (["--source", "auto"], nil, true), (["--source", "s3"], CommandStatus.noPermission, false),
            (["--source", "api"], nil, false),
        ] as [([String], CommandStatus?, Bool)])
    func `a result object that may not be read fails a run from S3 alone`(
        _ source: [String], _ failure: CommandStatus?, _ isWarning: Bool
    ) async throws {
        var job = CheckJob()
        job.options = source
        job.s3Script = { _ in .s3Error("AccessDenied", status: 403) }
        let outcome = try await job.run()
        let verdict = try #require(outcome.verdict(.resultObject))
        #expect(verdict.failure == failure && verdict.isWarning == isWarning)
        if source != ["--source", "api"] {
            #expect(verdict.words.contains("allow s3:GetObject to this identity in IAM on arn:aws:s3:::results/*"))
        }
        #expect(outcome.report.exitStatus == failure ?? .success)
    }

    @Test(arguments: ["SHOW TABLES", "DESCRIBE orders", "EXPLAIN SELECT 1"])
    func `a statement that cannot stand in parentheses is not sent`(_ statement: String) async throws {
        var job = CheckJob()
        job.options = ["--query", statement]
        let outcome = try await job.run()
        #expect(outcome.verdict(.statement)?.isSkipped == true && outcome.report.exitStatus == .success)
        #expect(outcome.athena.count(of: "StartQueryExecution") == 0)
    }

    @Test func `--no-query sends no query of any kind`() async throws {
        var job = CheckJob()
        job.asksForColumns = false
        let outcome = try await job.run()
        #expect(outcome.exceptions == [.statement, .key, .resultObject] && outcome.report.exitStatus == .success)
        #expect(Set(outcome.athena.calls.map(\.operation)) == ["GetCallerIdentity", "GetWorkGroup"])
    }

    @Test func `a query that exists is described, and none is sent`() async throws {
        var job = CheckJob()
        job.result.knowsEveryExecution = true
        job.options = ["--query-execution-id", "an-id"]
        let outcome = try await job.run()
        #expect(outcome.verdict(.statement)?.words.contains("query an-id has succeeded, and it has 3 columns") == true)
        #expect(outcome.athena.count(of: "StartQueryExecution") == 0)
    }

    @Test func `an output that is no directory fails with the status of the run`() async throws {
        var job = CheckJob()
        job.prepare = { output in
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
            try Data().write(to: URL(fileURLWithPath: "\(output)/orders"))
        }
        let outcome = try await job.run()
        #expect(outcome.verdict(.output)?.failure == .cannotCreate)
    }

    @Test(arguments: ["a dangling link", "a loop", "no directory inside", "a long path", "a long name"])
    func `an output that no run can make fails with the status of the run`(_ output: String) async throws {
        var job = CheckJob()
        switch output {
        case "a dangling link", "a loop":
            job.prepare = { path in
                try FileManager.default.createSymbolicLink(
                    atPath: path, withDestinationPath: output == "a loop" ? path : "\(path)-nowhere")
            }
        case "no directory inside":
            job.prepare = { path in
                try FileManager.default.createDirectory(atPath: "\(path)/orders", withIntermediateDirectories: true)
                try Data().write(to: URL(fileURLWithPath: "\(path)/orders/.work"))
            }
        case "a long path": job.options = ["--output", String(repeating: "x", count: 5000)]
        default: job.options = ["--output", "there-is-no-such-directory/" + String(repeating: "y", count: 300)]
        }
        let outcome = try await job.run()
        #expect(outcome.verdict(.output)?.failure == .cannotCreate, "\(outcome.verdict(.output)?.words ?? "")")
        #expect(outcome.report.exitStatus == .cannotCreate)
    }

    @Test func `a directory where another run is at work fails with 75`() async throws {
        var journals: [ExportJournal] = []
        var job = CheckJob()
        job.prepare = { output in
            let directory = ExportDirectory(parent: FilePath(output), table: "orders")
            journals.append(try ExportJournal(opening: directory, now: { "2026-01-01T00:00:00.000Z" }))
        }
        let outcome = try await job.run()
        #expect(journals.count == 1)
        #expect(outcome.verdict(.output)?.failure == .temporary)
        #expect(outcome.report.exitStatus == .temporary)
    }

    @Test func `an unfinished run of another request, and other columns than the directory's, fail as the run would`()
        async throws
    {
        let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
        try await TestMachine.withTemporaryDirectory { directory in
            let run = try await Executable.run(["--replay", fixture, "--output", directory, "--table", "orders"])
            #expect(run.status == 0, "\(run.errors)")
            var job = CheckJob()
            job.prepare = { output in
                try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
                try FileManager.default.copyItem(atPath: "\(directory)/orders", toPath: "\(output)/orders")
            }
            let changed = try await job.run()
            #expect(changed.verdict(.schema)?.failure == .untrustedData)
            #expect(changed.verdict(.schema)?.words.contains("column customer_id is gone") == true)

            job.asksForColumns = false
            let other = try await job.run()
            #expect(other.verdict(.schema)?.words.contains("key customer_id became id") == true)

            job.prepare = { output in
                try FileManager.default.createDirectory(atPath: "\(output)/orders", withIntermediateDirectories: true)
                let text = try String(contentsOfFile: "\(directory)/orders/state.json", encoding: .utf8)
                try Data(text.replacingOccurrences(of: "\"succeeded\"", with: "\"running\"").utf8).write(
                    to: URL(fileURLWithPath: "\(output)/orders/state.json"))
                try FileManager.default.copyItem(
                    atPath: "\(directory)/orders/manifest.json", toPath: "\(output)/orders/manifest.json")
            }
            let unfinished = try await job.run()
            #expect(unfinished.verdict(.output)?.failure == .untrustedData)
            #expect(unfinished.verdict(.output)?.words.contains("an unfinished run of another request") == true)
            #expect(unfinished.verdict(.schema)?.isSkipped == true)
        }
    }

    @Test func `a check of several tables goes through all of them, and asks STS and the work group once`() async throws
    {
        var job = CheckJob()
        job.configuration = [
            "primary_key": ["id"],
            "tables": [
                ["table": "a", "query": "SELECT 1"], ["table": "b", "query": "SELECT 2", "primary_key": ["no_such"]],
                ["table": "c", "query": "SELECT 3"],
            ],
        ]
        let outcome = try await job.run()
        #expect(outcome.report.tables.map(\.table) == ["a", "b", "c"])
        #expect(outcome.report.tables.map(\.exitStatus) == [.success, .untrustedData, .success])
        #expect(outcome.report.exitStatus == .untrustedData)
        #expect(outcome.report.text(.text).contains("with several tables give --only TABLE too\n"))
        #expect(outcome.athena.count(of: "GetCallerIdentity") == 1 && outcome.athena.count(of: "GetWorkGroup") == 1)
        #expect(outcome.athena.count(of: "StartQueryExecution") == 3)
        let json = JSONField(try JSONValue(parsing: Array(outcome.report.text(.json).utf8)))
        #expect(try Set(json.member("steps").elements().map { try $0.member("table").string() }) == ["a", "b", "c"])
        #expect(outcome.report.text(.text).contains("table b\nok      configuration: "))
    }
}
