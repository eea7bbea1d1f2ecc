@testable import athena_export
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Options of UNLOAD and of nested values` {
    private func check(_ arguments: [String], query: String = "SELECT 1") -> ConfigurationCheck {
        ConfigurationCheck(arguments + ["--query", query, "--table", "t", "--key", "k"])
    }

    @Test(
        arguments: [
            ["--source", "unload"], ["--nested", "json"], ["--source", "unload", "--unload-to", "s3://bucket/p"],
            ["--source", "unload", "--keep-unload", "--nested", "json"], ["--nested", "text"],
        ]) func `the options of UNLOAD are accepted together`(_ options: [String])
    {
        #expect(check(options) == .accepted)
    }

    @Test(
        arguments: [
            ("SHOW TABLES", "SHOW"), ("SELECT 1; SELECT 2", "more than one"), ("SELECT 'a", "not closed"),
            ("SELECT 1 /* a", "not closed"), ("SELECT 1)", "parenthesis"), ("EXPLAIN SELECT 1", "EXPLAIN"),
        ], [["--source", "unload"], ["--nested", "json"]])
    func `a statement that cannot be sent inside of another one is refused`(
        _ statement: (text: String, word: String), _ options: [String]
    ) {
        check(options, query: statement.text).expectRefused(.usage, [statement.word])
    }

    @Test(arguments: ["bucket/p", "s3://", "s3://bucket//p", "s3://bucket/../p"])
    func `a place to unload to that is none in S3 is refused`(_ place: String) {
        check(["--source", "unload", "--unload-to", place]).expectRefused(.usage, ["--unload-to"])
    }

    @Test func `an UNLOAD takes no earlier result`() {
        check(["--source", "unload", "--reuse-results", "60m"]).expectRefused(.usage, ["--reuse-results", "UNLOAD"])
    }
}
