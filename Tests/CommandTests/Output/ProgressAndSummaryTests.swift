import Foundation
import JSON
import Testing
import TestSupport
import Threading

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

    @Test(arguments: ["upsert", "append"])
    func `a run that is given up is not counted with the next one of its name, and its rows are told`(
        _ mode: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(50)
            result.pageRows = 11
            let isBroken = Locked(true)
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                guard isBroken.withLock({ $0 }), call.operation == "GetQueryResults", call.operationNumber >= 4 else {
                    return nil
                }
                return .error("InternalServerException", "try later", status: 500)
            }
            try await athena.serve { url in
                let arguments = [
                    "--endpoint-url", url, "--output", directory, "--batch-rows", "10", "--run-id", "D1",
                    "--max-attempts", "1", "--write-mode", mode, "--summary", "json",
                ]
                #expect(try await Executable.run(arguments).status == 75)
                isBroken.withLock { $0 = false }
                let restarted = try await Executable.run(arguments + ["--restart"])
                #expect(restarted.status == 0, "\(restarted.errors)")
                let kept = try #require(restarted.errors.firstMatch(of: /run D1 is given up, and the (\d+) rows/))
                #expect(["20", "30"].contains(kept.1))
                #expect(restarted.errors.contains("adds all of its rows") == (mode == "append"))
                let again = try await Executable.run(arguments)
                for outcome in [restarted, again] {
                    let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
                    #expect(try summary.member("rows").integer() == 50)
                    #expect(try summary.member("batches").integer() == 5)
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
