import Foundation
import JSON
import Testing
import TestSupport

/// A result that was paid for and does not fit the options.
@Suite(.limitedConcurrency) struct `Paid results` {
    private static let result: FakeResult = {
        var result = FakeResult(rowCount: 30) { ["\($0)", "\($0).5", $0 == 20 ? nil : "x"] }
        result.columns = [("id", "bigint"), ("amount", "double"), ("name", "varchar")]
        result.states = ["SUCCEEDED"]
        return result
    }()

    private static let statement = ["--query", "SELECT * FROM orders", "--table", "orders"]
    private static let cursor = ["--query", "SELECT 1 WHERE a >= {cursor}", "--table", "orders", "--key", "id"]

    /// The options that fail, and those that replace the statement and the cursor in the command that succeeds.
    private static let cases: [(failing: [String], others: [String])] = [
        (statement + ["--key", "order_id"], ["--key", "id"]),
        (cursor + ["--cursor-column", "amount", "--cursor-start", "0"], ["--key", "id"]),
        (cursor + ["--cursor-column", "no_such", "--cursor-start", "0"], ["--key", "id"]),
    ]

    /// The id in the advice of an error.
    private func advisedID(_ outcome: Executable.Outcome) throws -> String {
        let match = try #require(outcome.errors.firstMatch(of: /give (?:--restart and )?--query-execution-id (\S+)/))
        return String(match.1)
    }

    @Test(arguments: cases.indices)
    func `a paid result is exported by the command that the error advises, without another query`(
        _ index: Int
    ) async throws {
        let (failing, others) = Self.cases[index]
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result, isSigned: isSigned)
            try await athena.serve { url in
                let common = ["--endpoint-url", url, "--output", directory]
                let failed = try await Executable.run(common + failing)
                expectError(failed, 65, ["paid for"])
                let id = try advisedID(failed)
                let advised = try await Executable.run(
                    common + ["--table", "orders", "--query-execution-id", id] + others)
                #expect(advised.status == 0, "\(advised.errors)")
            }
            #expect(athena.count(of: "StartQueryExecution") == 1)
            #expect(try await ExportedTable("\(directory)/orders").contents().joined().contains("29,29.5,x"))
        }
    }

    @Test func `a paid result goes to another table where its columns are not those of the directory`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var narrow = Self.result
            narrow.columns.removeLast()
            narrow.row = { ["\($0)", "1.5"] }
            let athena = FakeAthena(
                result: narrow, isSigned: isSigned,
                evaluate: { [narrow] request in
                    try request.member("QueryString").string().contains("wide") ? Self.result : narrow
                })
            try await athena.serve { url in
                let common = ["--endpoint-url", url, "--output", directory, "--key", "id"]
                let first = try await Executable.run(common + ["--query", "SELECT 1", "--table", "orders"])
                #expect(first.status == 0, "\(first.errors)")
                let failed = try await Executable.run(common + ["--query", "SELECT * FROM wide", "--table", "orders"])
                expectError(failed, 65, ["name is new", "--table"])
                let advised = try await Executable.run(
                    common + ["--table", "other", "--query-execution-id", try advisedID(failed)])
                #expect(advised.status == 0, "\(advised.errors)")
            }
            #expect(athena.count(of: "StartQueryExecution") == 2)
        }
    }

    @Test func `a paid result with new columns goes into the same table by the option that the error names`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            var narrow = Self.result
            narrow.columns.removeLast()
            narrow.row = { ["\($0)", "1.5"] }
            let athena = FakeAthena(
                result: narrow, isSigned: isSigned,
                evaluate: { [narrow] request in
                    try request.member("QueryString").string().contains("wide") ? Self.result : narrow
                })
            try await athena.serve { url in
                let common = ["--endpoint-url", url, "--output", directory, "--key", "id", "--table", "orders"]
                let first = try await Executable.run(common + ["--query", "SELECT 1"])
                #expect(first.status == 0, "\(first.errors)")
                let failed = try await Executable.run(common + ["--query", "SELECT * FROM wide"])
                expectError(failed, 65, ["name is new", "--on-schema-change append_new_columns", "paid for"])
                let advised = try await Executable.run(
                    common + [
                        "--on-schema-change", "append_new_columns", "--query-execution-id", try advisedID(failed),
                    ])
                #expect(advised.status == 0, "\(advised.errors)")
            }
            #expect(athena.count(of: "StartQueryExecution") == 2)
            let table = try ExportedTable("\(directory)/orders")
            #expect(try table.manifest.member("version").integer() == 2)
            #expect(try await table.contents().last?.hasPrefix("id,amount,name\n") == true)
        }
    }

    @Test func `a paid result is not promised where no option can export it`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = Self.result
            result.columns[2].name = "Batch"
            let athena = FakeAthena(result: result, isSigned: isSigned)
            try await athena.serve { url in
                let common = ["--endpoint-url", url, "--output", directory, "--key", "id"]
                let failed = try await Executable.run(common + Self.statement)
                expectError(failed, 65, ["Batch", "has to run again"])
                #expect(!failed.errors.contains("--query-execution-id"))
            }
        }
    }

    @Test(arguments: [["--query", "SELECT 1"], ["--query", "INSERT INTO t SELECT 1", "--table", "t", "--key", "k"]])
    func `a paid result is never requested by a command that cannot succeed`(_ arguments: [String]) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: Self.result, isSigned: isSigned)
            try await athena.serve { url in
                let refused = try await Executable.run(["--endpoint-url", url, "--output", directory] + arguments)
                expectError(refused, 64, ["nothing was sent"])
            }
            #expect(athena.calls.isEmpty)
            #expect(TestMachine.files(below: directory).isEmpty)
        }
    }
}
