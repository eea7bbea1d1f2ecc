import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Progress and summary` {
    @Test(arguments: ["csv", "ndjson"]) func `a value of a megabyte passes whole`(_ format: String) async throws {
        let value = String(repeating: "é\"\n", count: 1 << 18)
        var result = FakeResult.customers(3)
        result.row = { ["\($0)", value, nil, ""] }
        try await TestMachine.withTemporaryDirectory { [result] directory in
            let outcome = try await FakeAthena(result: result).serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", directory, "--format", format])
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            let content = try await ExportedTable("\(directory)/customers").contents().joined()
            let escaped =
                format == "csv"
                ? value.replacingOccurrences(of: "\"", with: "\"\"")
                : value.replacingOccurrences(of: "\"", with: "\\\"").replacingOccurrences(of: "\n", with: "\\n")
            #expect(content.components(separatedBy: escaped).count == 4)
        }
    }

    @Test func `progress is a line that is written over, and only when it is requested`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            // The line changes ten times a second, and a quick run may end before it shows rows.
            let athena = FakeAthena(result: .customers(2500), isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 3 ? .delay(.milliseconds(200)) : nil
            }
            try await athena.serve { url in
                for (choice, isShown) in [("always", true), ("never", false), ("auto", false)] {
                    let outcome = try await Executable.run([
                        "--endpoint-url", url, "--output", "\(directory)/\(choice)", "--progress", choice,
                    ])
                    #expect(outcome.status == 0)
                    #expect(outcome.errors.contains("\r\u{1b}[K") == isShown)
                    #expect(outcome.errors.contains(" rows") == isShown)
                }
            }
        }
    }

    @Test func `a row count of the service that differs is reported and fails nothing`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: .customers(10), isSigned: isSigned) { call in
                call.operation == "GetQueryRuntimeStatistics"
                    ? .respond(status: 200, body: #"{"QueryRuntimeStatistics":{"Rows":{"OutputRows":99}}}"#) : nil
            }
            let outcome = try await athena.serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", directory, "--log-format", "json"])
            }
            #expect(outcome.status == 0)
            let lines = outcome.errors.split(separator: "\n")
            let line = try #require(lines.first { $0.contains("another number of rows") })
            let event = JSONField(try JSONValue(parsing: Array(line.utf8)))
            #expect(try event.member("level").string() == "warning")
            #expect(try event.member("service").integer() == 99)
            #expect(try event.member("read").integer() == 10)
        }
    }

    @Test func `status says what is there and what comes next`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(50)
            result.pageRows = 11
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 4
                    ? .error("InvalidRequestException", "no") : nil
            }
            let failed = try await athena.serve { url in
                try await Executable.run([
                    "--endpoint-url", url, "--output", directory, "--batch-rows", "20", "--run-id", "nightly",
                ])
            }
            #expect(failed.status == 78)
            let status = try await Executable.run(["status", "\(directory)/customers", "--format", "json"])
            let answer = JSONField(try JSONValue(parsing: Array(status.output.utf8)))
            #expect(try answer.member("next_run").string() == "resume")
            #expect(try answer.member("unfinished").member("run_id").string() == "nightly")
            #expect(
                try answer.member("unfinished").member("rows_exported").integer() == answer.member("rows").integer())
            let text = try await Executable.run(["status", "\(directory)/customers"])
            #expect(text.output.contains("next run: continues with batch"))
            let missing = try await Executable.run(["status", "\(directory)/nothing"])
            #expect(missing.status == 66)
        }
    }
}
