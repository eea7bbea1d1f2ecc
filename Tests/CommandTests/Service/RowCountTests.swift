import Foundation
import JSON
import Testing
import TestSupport

/// The example that this program replaces lost whole pages at these sizes.
@Suite(.limitedConcurrency) struct `Every row arrives once and in order` {
    static let counts = [0, 1, 998, 999, 1000, 1001, 1998, 1999, 2000, 2500]

    private func export(_ result: FakeResult, _ arguments: [String] = []) async throws -> (String, FakeAthena) {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: result, isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", directory] + arguments)
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(athena.badSignatures == 0)
            #expect(athena.executionIDs.count == 1)
            return (try await ExportedTable("\(directory)/customers").contents().joined(), athena)
        }
    }

    private let header = "customer_id,first_name,last_name,email"

    @Test(arguments: counts)
    func `a result of N rows exports N rows`(_ count: Int) async throws {
        let (content, athena) = try await export(.customers(count))
        let lines = content.split(separator: "\n").map(String.init)
        #expect(lines == (count == 0 ? [] : [header] + customerLines(0..<count)))
        // A full page has a token, so the page behind it is requested.
        #expect(athena.count(of: "GetQueryResults") == (count + 1) / 1000 + 1)
    }

    @Test(arguments: counts)
    func `an empty page in the middle is not the end`(_ count: Int) async throws {
        var result = FakeResult.customers(count)
        result.emptyPages = [1]
        result.pageRows = 500
        let (content, _) = try await export(result)
        #expect(content.split(separator: "\n").dropFirst().map(String.init) == customerLines(0..<count))
    }

    @Test(arguments: counts)
    func `a first data row that reads like the header stays`(_ count: Int) async throws {
        var result = FakeResult.customers(count)
        let columns = FakeResult.customerColumns.map { Optional($0.name) }
        result.row = { $0 == 0 ? columns : FakeResult.customer($0) }
        let (content, _) = try await export(result)
        let expected = count == 0 ? [] : [header, header] + customerLines(0..<count).dropFirst()
        #expect(content.split(separator: "\n").map(String.init) == expected)
    }

    @Test(arguments: counts)
    func `a statement without header row keeps its first row`(_ count: Int) async throws {
        var result = FakeResult.customers(count)
        result.hasHeaderRow = false
        result.statementType = "UTILITY"
        result.substatementType = "SHOW_TABLES"
        let (content, _) = try await export(result)
        #expect(content.split(separator: "\n").dropFirst().map(String.init) == customerLines(0..<count))
    }

    @Test(arguments: [1, 7, 999]) func `pages of any size give the same file`(_ size: Int) async throws {
        var result = FakeResult.customers(50)
        result.pageRows = size
        let (content, _) = try await export(result)
        #expect(content.split(separator: "\n").dropFirst().map(String.init) == customerLines(0..<50))
    }
}
