import Foundation
import JSON
import Testing
import TestSupport
import Threading

@Suite(.limitedConcurrency) struct `A run with an upload` {
    /// A job against an Athena and an S3 of the tests.
    private struct Job: Sendable {
        let athena = FakeAthena(result: .customers(40))
        let s3: StrictS3
        let directory: String

        /// Runs the body while both serve.
        func serve(_ body: (_ run: @escaping Run) async throws -> Void) async throws {
            try await athena.serve { athenaURL in
                try await s3.serve { s3URL in
                    let environment = Executable.environment([
                        "AWS_ENDPOINT_URL_ATHENA": athenaURL, "AWS_ENDPOINT_URL_S3": s3URL,
                    ])
                    try await body { options, onStart in
                        try await Executable.run(
                            [
                                "--output", directory, "--batch-rows", "10", "--upload", UploadedExport.url,
                                "--max-attempts", "1", "--summary", "json",
                            ] + options, environment: environment, onStart: onStart)
                    }
                }
            }
        }

        /// What the bucket must have.
        var expected: [String: [UInt8]] {
            TestMachine.files(below: "\(directory)/customers").filter {
                $0.key.hasPrefix("data/") || $0.key == "manifest.json"
            }.reduce(into: [:]) { $0["lake/customers/\($1.key)"] = Array($1.value) }
        }

        func state() throws -> JSONField { try ExportedTable("\(directory)/customers").state }
    }

    private typealias Run =
        @Sendable (
            _ options: [String], _ onStart: (@Sendable (Int32) -> Void)?
        ) async throws -> Executable.Outcome

    private func withJob(
        _ s3: StrictS3 = StrictS3(), _ body: @escaping (Job, @escaping Run) async throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = Job(s3: s3, directory: directory)
            try await job.serve { run in try await body(job, run) }
            #expect(s3.violations.isEmpty)
        }
    }

    @Test func `a run brings its rows into the bucket, and the next run its own`() async throws {
        try await withJob { job, run in
            for number in 1...2 {
                let outcome = try await run([], nil)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(job.s3.contents == job.expected)
                #expect(job.s3.contents.count == 4 * number + 1)
                #expect(job.athena.executionIDs.count == number)
                #expect(try job.state().optionalMember("pending_upload") == nil)
            }
        }
    }

    @Test func `a run whose upload fails ends with 75, and the same command continues without a query`() async throws {
        let isRefused = Locked(true)
        let s3 = StrictS3(script: { call in
            call.operation == "PutObject" && isRefused.withLock { $0 } ? .s3Error("AccessDenied", status: 403) : nil
        })
        try await withJob(s3) { job, run in
            for _ in 1...2 {
                let failed = try await run([], nil)
                #expect(failed.status == 75, "\(failed.errors)")
                #expect(failed.errors.contains("the same command continues the upload without a query"))
                let summary = try UploadedExport.summary(failed)
                #expect(try summary.member("status").string() == "failed")
                #expect(try summary.member("rows").integer() == 40)
                #expect(try job.state().member("pending_upload").string() == UploadedExport.url)
            }
            let status = try await Executable.run(["status", "\(job.directory)/customers"])
            #expect(status.output.contains("upload: pending, to \(UploadedExport.url)"), "\(status.output)")
            let json = try await Executable.run(["status", "\(job.directory)/customers", "--format", "json"])
            #expect(try UploadedExport.summary(json).member("next_run").string() == "upload")

            isRefused.withLock { $0 = false }
            let outcome = try await run([], nil)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let summary = try UploadedExport.summary(outcome)
            #expect(try summary.member("rows").integer() == 40 && summary.member("resumed").bool())
            #expect(job.s3.contents == job.expected)
            #expect(job.athena.executionIDs.count == 1)
            #expect(try job.state().optionalMember("pending_upload") == nil)
        }
    }

    @Test(arguments: [["--restart"], ["--query", "SELECT 2", "--table", "customers", "--key", "customer_id"]])
    func `a run with a pending upload begins a new run where the command says so`(
        _ options: [String]
    ) async throws {
        let isRefused = Locked(true)
        let s3 = StrictS3(script: { call in
            call.operation == "PutObject" && isRefused.withLock { $0 } ? .s3Error("SlowDown", status: 503) : nil
        })
        try await withJob(s3) { job, run in
            #expect(try await run([], nil).status == 75)
            isRefused.withLock { $0 = false }
            let outcome = try await run(options, nil)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(job.athena.executionIDs.count == 2)
            #expect(job.s3.contents == job.expected && job.expected.count == 9)
        }
    }

    @Test func `a run of a name that has succeeded sends what is missing in the bucket and nothing else`() async throws
    {
        try await withJob { job, run in
            #expect(try await run(["--run-id", "monday"], nil).status == 0)
            let key = "lake/customers/data/batch=000002/customers-000002.csv.gz"
            job.s3.remove(key)
            job.s3.forgetCalls()
            let outcome = try await run(["--run-id", "monday"], nil)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(job.s3.keys("PutObject") == [key])
            #expect(job.athena.executionIDs.count == 1)
        }
    }

    @Test func `a run killed at a call of its upload is completed by the same command with one query`() async throws {
        // Two that look, four files, the manifest.
        for number in [1, 4, 7] {
            let process = RunningProcess()
            let s3 = StrictS3(script: { call in call.number == number ? .before { process.kill() } : nil })
            try await withJob(s3) { job, run in
                let killed = try await run([], process.started)
                #expect(killed.status == nil, "call \(number) was not reached")
                let outcome = try await run([], nil)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(job.s3.contents == job.expected && job.expected.count == 5)
                #expect(job.athena.executionIDs.count == 1)
            }
        }
    }

    @Test func `a run is refused for a URL that is none and for a replay`() async throws {
        let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
        for (options, words) in [
            (["--upload", "gs://bucket/x"], "does not begin with s3://"),
            (["--replay", fixture, "--upload", UploadedExport.url], "a replayed run calls no service"),
        ] {
            let outcome = try await Executable.run(options)
            #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome.errors)")
        }
    }
}
