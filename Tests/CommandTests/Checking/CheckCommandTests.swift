import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `The command check` {
    private static let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path

    private func replayed(_ options: [String] = []) async throws -> Executable.Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            try await Executable.run(["check", "--replay", Self.fixture, "--output", directory] + options)
        }
    }

    @Test func `check prints a line for each step, and the columns as a table`() async throws {
        let outcome = try await replayed()
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0].hasPrefix("ok      configuration: a statement of 23 bytes to table customers as csv"))
        #expect(lines.contains { $0.hasPrefix("skipped credentials: ") })
        #expect(lines.contains("ok      statement: Athena takes the statement, and it has 4 columns"))
        #expect(lines.contains("column       Athena's type  type    key  cursor"))
        #expect(lines.contains("customer_id  varchar        STRING  1"))
    }

    @Test func `--format json prints one object with the steps and the columns`() async throws {
        let outcome = try await replayed(["--format", "json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let json = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
        #expect(try json.member("status").string() == "ok")
        let steps = try json.member("steps").elements()
        #expect(
            try steps.map { try $0.member("step").string() } == [
                "configuration", "output", "credentials", "work_group", "statement", "key", "result_object",
            ])
        #expect(try steps.allSatisfy { try !$0.member("message").string().isEmpty })
        let column = try #require(try json.member("columns").elements().first)
        #expect(try column.member("name").string() == "customer_id")
        #expect(try column.member("athena_type").string() == "varchar")
        #expect(try column.member("type").string() == "STRING")
        #expect(try column.member("key").bool() && !column.member("cursor").bool())
    }

    @Test func `a configuration that is wrong fails its step, skips the others, and ends as the run would`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(#"{"tabel": "orders"}"#.utf8).write(to: URL(fileURLWithPath: "\(directory)/c.json"))
            let outcome = try await Executable.run(["check", "--config", "\(directory)/c.json"])
            #expect(outcome.status == 78)
            let lines = outcome.output.split(separator: "\n")
            #expect(lines[0].hasPrefix("failed  configuration: ") && lines[0].contains("did you mean table?"))
            #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("skipped ") } && lines.count == 7)
        }
    }

    @Test func `credentials that are missing fail their step, and what needs them is skipped`() async throws {
        var environment = Executable.environment()
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] { environment[name] = nil }
        let outcome = try await TestMachine.withTemporaryDirectory { directory in
            try await Executable.run(["check", "--output", directory], environment: environment)
        }
        #expect(outcome.status == 77, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("failed  credentials: no AWS credentials") })
        #expect(lines.contains("skipped work_group: it needs credentials"))
        #expect(lines.contains("skipped statement: it needs credentials"))
    }

    @Test(
        arguments: [
            (["check", "--record", "x"], 64, "failed  configuration: --record: check records nothing"),
            (["run", "--format", "json"], 64, "json"),
        ] as [([String], Int32, String)])
    func `what belongs to another command is refused`(
        _ arguments: [String], _ status: Int32, _ words: String
    ) async throws {
        let outcome = try await Executable.run(arguments)
        #expect(outcome.status == status)
        #expect((outcome.output + outcome.errors).contains(words))
    }
}
