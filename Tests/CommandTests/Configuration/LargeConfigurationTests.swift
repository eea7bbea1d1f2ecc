import ArgumentParser
import BatchExport
import Testing

@testable import athena_export

/// At these sizes, a time that grows with their square is beyond the limit. The suite has no limited concurrency, since
/// the limit counts the wait for a place too.
@Suite struct `Large configurations` {
    @Test(.timeLimit(.minutes(10))) func `a configuration with many tables is read in a time in proportion to them`()
        throws
    {
        let tables = (0..<12_000).map { "{\"table\":\"t\($0)\",\"query\":\"SELECT 1\",\"primary_key\":[\"id\"]}" }
        let text = "{\"tables\":[\(tables.joined(separator: ",\n"))]}"
        let file = try ConfigurationFile(parsing: Array(text.utf8), name: "c.json")
        let job = try JobConfiguration(try RunOptions.parse(["--only", "t7"]), file: file, workers: 1)
        #expect(job.tables.map(\.directory.table) == ["t7"])
    }

    @Test(.timeLimit(.minutes(10)))
    func `the mistakes of a configuration are collected in a time in proportion to them, and the first are shown`()
        throws
    {
        let keys = (0..<20_000).map { "\"k\($0)\":1" }
        let file = try ConfigurationFile(parsing: Array("{\(keys.joined(separator: ",\n"))}".utf8), name: "c.json")
        // Not #expect(throws:), which describes each of the mistakes with its line.
        var message = ""
        do {
            _ = try JobConfiguration(try RunOptions.parse([]), file: file, workers: 1)
        } catch {
            message = "\(error)"
        }
        #expect(message.hasPrefix("c.json: 20000 mistakes: (1) line 1, column 2: k0: "), "\(message)")
        #expect(message.hasSuffix(" and 19990 more") && message.contains("(10) line 10, column 1: k9: "))
    }
}
