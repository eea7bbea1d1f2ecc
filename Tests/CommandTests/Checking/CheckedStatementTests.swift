import Athena
import JSON
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `A check of a statement that the run cannot export` {
    @Test(arguments: ["SELECT 'a", "SELECT 1; SELECT 2", "SELECT (1", "SELECT 1 /* a"])
    func `a statement that Athena will refuse fails with the status of the run, and is not sent`(
        _ statement: String
    ) async throws {
        var job = CheckJob()
        job.options = ["--query", statement]
        let outcome = try await job.run()
        let verdict = try #require(outcome.verdict(.statement))
        #expect(verdict.failure == .queryFailed && verdict.words.contains("Athena will refuse it"), "\(verdict)")
        #expect(outcome.athena.count(of: "StartQueryExecution") == 0)
    }

    @Test(
        arguments: [
            (["--nested", "json"], 60, .configuration), (["--source", "unload"], 60, .configuration),
            (["--nested", "json"], 10, .configuration), ([], 10, nil), ([], 60, nil),
        ] as [([String], Int, CommandStatus?)])
    func `a statement that is too long with what the run puts around it fails as the run would`(
        _ options: [String], _ room: Int, _ failure: CommandStatus?
    ) async throws {
        var job = CheckJob()
        let long = String(repeating: "x", count: AthenaQuery.maximumBytes - room - 9)
        job.configuration["query"] = .string("SELECT '\(long)'")
        job.options = options
        let outcome = try await job.run()
        let verdict = try #require(outcome.verdict(.statement))
        #expect(verdict.failure == failure && verdict.isSkipped == (options.isEmpty && room == 10), "\(verdict)")
        #expect(outcome.report.exitStatus == failure ?? .success)
    }

    @Test func `a column that UNLOAD cannot write exactly fails as the run would`() async throws {
        var job = CheckJob(result: CheckJob.columns([("id", "bigint"), ("place", "geometry")]))
        job.options = ["--source", "unload"]
        #expect(try await job.run().verdict(.statement)?.failure == .configuration)
    }

    @Test func `a query that Athena does not have fails as the run would`() async throws {
        var job = CheckJob()
        job.options = ["--query-execution-id", "an-id"]
        let verdict = try #require(try await job.run().verdict(.statement))
        #expect(verdict.failure == .untrustedData)
        #expect(verdict.words.contains("Athena does not have query an-id"))
    }

    @Test(
        arguments: [
            ([], .untrustedData, "which gives no rows"), (["--source", "unload"], .usage, "not an UNLOAD that"),
            (["--nested", "json"], .usage, "was not sent with --nested json"),
        ] as [([String], CommandStatus, String)])
    func `a query that exists and was not sent as the options say fails as the run would`(
        _ options: [String], _ status: CommandStatus, _ words: String
    ) async throws {
        var job = CheckJob()
        job.result.knowsEveryExecution = true
        job.result.substatementType = "UNLOAD"
        job.options = ["--query-execution-id", "an-id"] + options
        let verdict = try #require(try await job.run().verdict(.statement))
        #expect(verdict.failure == status && verdict.words.contains(words), "\(verdict)")
    }
}
