import ArgumentParser
import Foundation
import JSON
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `The command init` {
    /// Runs `init` in a directory of its own, and gives the outcome and the file.
    private func initialized(
        _ options: [String], file: String = "athena-export.json",
        _ body: (Executable.Outcome, String) async throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(["init"] + options, directory: directory)
            try await body(outcome, "\(directory)/\(file)")
        }
    }

    @Test func `init writes the configuration that the page on the first export shows`() async throws {
        let page = try Documentation.page("FirstExport")
        let shown = try #require(Documentation.blocks("json", in: page).first)
        let options = ["--table", "orders", "--key", "order_id", "--database", "sales", "--region", "eu-central-1"]
        #expect(page.contains("athena-export init " + options.joined(separator: " ")))
        try await initialized(options) { outcome, file in
            #expect(outcome.status == 0, "\(outcome.errors)")
            let written = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(try JSONValue(parsing: Array(written)) == JSONValue(parsing: Array(shown.utf8)))
            for key in ["region_name", "database_name", "work_group", "output", "table", "query", "primary_key"] {
                #expect(outcome.output.contains("  \(key)  "), "\(key)")
            }
            #expect(
                outcome.output.hasSuffix("next: edit the file, then athena-export check --config athena-export.json\n"))
        }
    }

    @Test(arguments: [[], ["--table", "a", "--table", "b", "--staging-dir", "s3://results/x/"]] as [[String]])
    func `check and run take the configuration as it is`(_ options: [String]) async throws {
        try await initialized(options + ["--config", "c.json"], file: "c.json") { outcome, file in
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(ConfigurationCheck(["--config", file]) == .accepted)
            let options = try RunOptions.parse(["--config", file])
            let job = try ConfigurationCheck.job(options)
            #expect(job.isOfSeveral == (job.tables.count == 2) && job.warnings.isEmpty)
        }
    }

    @Test func `init never writes over a file`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let file = "\(directory)/mine.json"
            try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
            let outcome = try await Executable.run(["init", file])
            expectError(outcome, 73, ["cannot create", "mine.json", "is never written over"])
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine" && outcome.output.isEmpty)
        }
    }

    @Test(arguments: [
        (["--table", "a/b"], "--table: \"a/b\" cannot name a directory"),
        (["--table", "a", "--table", "b c"], "--table: \"b c\" cannot name a directory"),
        (["--table", "a", "--table", "a"], "--table: the table stands twice"),
        (["--key", "id", "--key", "id"], "--key: a column stands twice"), (["--key", "<KEY>"], "--key: it still has"),
        (["--region", "nowhere at all"], "--region: "), (["--region", ""], "--region: it is empty"),
        (["--staging-dir", "bucket"], "--staging-dir: "), (["--database", "<DB>"], "--database: it still has"),
        (["--work-group", "a b"], "--work-group: "),
        (["--region", "x/", "--table", "a/b"], "2 mistakes: (1) --region: "),
        (["a.json", "--config", "b.json"], "--config: "), (["s3://bucket/c.json"], "is a URL"),
    ])
    func `init writes nothing for an option that no run takes, and names it`(_ options: [String], _ words: String)
        async throws
    {
        try await initialized(options) { outcome, file in
            expectError(outcome, 64, [words])
            #expect(!outcome.errors.contains("athena-export.json: line"), "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }
}
