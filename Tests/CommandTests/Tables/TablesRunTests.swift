import BatchExport
import Foundation
import JSON
import SystemPackage
import Testing
import TestSupport

@testable import athena_export

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency) struct `Several tables` {
    private func summary(_ outcome: Executable.Outcome) throws -> (status: String, tables: [JSONField]) {
        let object = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
        _ = try object.member("seconds")
        return (try object.member("status").string(), try object.member("tables").elements())
    }

    @Test
    func `several tables are exported to the files that each would have alone, and summed up in the order of the file`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = try TablesJob(
                directory,
                [("first", .customers(100, from: 0)), ("second", .customers(3, from: 500)), ("third", .customers(0))])
            let athena = job.athena()
            try await athena.serve { url in
                let outcome = try await job.run(url, ["--parallel", "2"])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let lines = outcome.output.split(separator: "\n")
                try #require(lines.count == 4, "\(outcome.output)")
                #expect(lines[0].hasPrefix("first: exported 100 rows in 3 batches, "))
                #expect(lines[1].hasPrefix("second: exported 3 rows in 1 batch, "))
                #expect(lines[2].hasPrefix("third: exported 0 rows in 0 batches, "))
                #expect(lines[3].hasPrefix("3 tables: 3 succeeded, 103 rows, "))
                for (name, _) in job.tables {
                    let alone = try await Executable.run([
                        "--endpoint-url", url, "--output", "\(directory)/alone", "--table", name, "--key",
                        "customer_id", "--query", "SELECT * FROM \(name)", "--batch-rows", "40",
                    ])
                    #expect(alone.status == 0, "\(alone.errors)")
                }
            }
            let alone = TestMachine.files(below: "\(directory)/alone").filter { $0.key.contains("/data/") }
            #expect(job.files == alone && alone.count == 4)
            #expect(athena.badSignatures == 0)
        }
    }

    @Test
    func
        `a table that fails and one that is locked leave the others alone, and the status is that of what does not pass`()
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = try TablesJob(
                directory, [("locked", .customers(5)), ("good", .customers(5)), ("bad", .failing)])
            try await job.athena().serve { url in
                let parent = FilePath("\(directory)/export")
                let journal = try ExportJournal(
                    opening: ExportDirectory(parent: parent, table: "locked"), now: { "2026-01-01T00:00:00.000Z" })
                let outcome = try await job.run(url, ["--summary", "json", "--log-format", "json"])
                #expect(outcome.status == 1, "\(outcome.errors)")
                let (status, tables) = try summary(outcome)
                #expect(status == "failed")
                #expect(try tables.map { try $0.member("table").string() } == ["locked", "good", "bad"])
                #expect(
                    try tables.map { try $0.member("status").string() } == ["failed", "succeeded", "failed"])
                #expect(try tables[0].member("error").member("kind").string() == "temporary")
                #expect(try tables[2].member("error").member("message").string().contains("TABLE_NOT_FOUND"))
                let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("athena-export: error: ") }
                #expect(
                    errors.count == 2 && errors[0].contains("error: locked: ") && errors[1].contains("error: bad: "))

                let again = try await job.run(url, ["--only", "locked", "--only", "good"])
                #expect(again.status == 75, "only failures that pass are left")
                #expect(again.output.contains("next: add --only locked to run only what is left"), "\(again.output)")
                #expect(await journal.state == nil)
            }
        }
    }

    @Test func `a paid result of one table is exported by the command that its error advises`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var other = FakeResult(rowCount: 3) { ["\($0)"] }
            other.columns = [("id", "bigint")]
            other.states = ["SUCCEEDED"]
            let job = try TablesJob(directory, [("good", .customers(5)), ("other", other)])
            let athena = job.athena()
            try await athena.serve { url in
                let failed = try await job.run(url, ["--summary", "json"])
                #expect(failed.status == 65, "\(failed.errors)")
                let advice = "in place of the statement; with several tables give --only TABLE too"
                #expect(failed.errors.contains(advice) && failed.output.contains(advice), "\(failed.errors)")
                let id = try #require(failed.errors.firstMatch(of: /--query-execution-id (\S+)/)).1
                let advised = try await job.run(
                    url, ["--query-execution-id", String(id), "--key", "id", "--only", "other"])
                #expect(advised.status == 0, "\(advised.errors)")
            }
            #expect(athena.count(of: "StartQueryExecution") == 2)
        }
    }

    @Test(arguments: [["--only", "zz"], ["--query", "SELECT 1"], ["--batch-rows", "0"]])
    func `a job that cannot begin has the JSON summary of several tables, without any`(_ options: [String])
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = try TablesJob(directory, [("one", .customers(5)), ("two", .customers(7))])
            let outcome = try await job.run("http://127.0.0.1:9", ["--summary", "json"] + options)
            expectError(outcome, 64, [options[0]])
            let (status, tables) = try summary(outcome)
            #expect(status == "failed" && tables.isEmpty, "\(outcome.output)")
            let object = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
            #expect(try object.member("error").member("kind").string() == "usage")
            #expect(try object.member("error").member("message").string().contains(options[0]))
            try object.onlyMembers(["status", "tables", "seconds", "error"])
        }
    }

    @Test func `log events and metrics carry the table's name`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = try TablesJob(directory, [("one", .customers(5)), ("two", .customers(7))])
            let athena = job.athena()
            let metrics = "\(directory)/job.prom"
            let outcome = try await athena.serve { url in
                try await job.run(url, ["--log-format", "json", "--metrics-file", metrics])
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            for event in ["run_started", "query_started", "query_succeeded", "run_succeeded"] {
                let lines = outcome.errors.split(separator: "\n").filter { $0.contains("\"event\":\"\(event)\"") }
                #expect(lines.count == 2, "\(event)")
                for name in ["one", "two"] {
                    #expect(lines.contains { $0.contains("\"table\":\"\(name)\"") }, "\(event)")
                }
            }
            let text = try String(contentsOfFile: metrics, encoding: .utf8)
            #expect(text.contains("athena_export_run_rows{table=\"one\"} 5\nathena_export_run_rows{table=\"two\"} 7\n"))
            let requests = text.matches(of: /run_requests\{table="[a-z]+"\} ([0-9]+)/).compactMap { Int($0.1) }
            #expect(requests.count == 2 && requests.reduce(0, +) == athena.calls.count)
        }
    }

    @Test func `several tables look for credentials once`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = try TablesJob(directory, (1...6).map { ("table\($0)", .customers(2)) })
            let keys = """
                {"Version":1,"AccessKeyId":"\(Executable.accessKeyID)","SecretAccessKey":"\(Executable.secretAccessKey)"}
                """
            let script = "\(directory)/keys"
            try Data("#!/bin/sh\necho >>\(directory)/asked\ncat <<'END'\n\(keys)\nEND\n".utf8).write(
                to: URL(fileURLWithPath: script))
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
            try Data("[profile p]\ncredential_process = \(script)\n".utf8).write(
                to: URL(fileURLWithPath: "\(directory)/config"))
            let outcome = try await job.athena().serve { url in
                try await job.run(
                    url, ["--profile", "p", "--parallel", "6"], environment: ["AWS_CONFIG_FILE": "\(directory)/config"])
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try String(contentsOfFile: "\(directory)/asked", encoding: .utf8) == "\n")
        }
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `a signal stops all tables in order, and the same command with the same run id completes them`(
        _ signal: Int32, _ status: Int32
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = try TablesJob(
                directory, [("done", .customers(5)), ("one", .running), ("two", .running), ("later", .customers(5))])
            let athena = job.athena()
            let named = ["--run-id", "nightly", "--parallel", "2"]
            let process = RunningProcess()
            let outcome = try await athena.serve { url in
                async let outcome = job.run(url, named + ["--summary", "json"], onStart: process.started)
                try await athena.waitForCalls(3, of: "StartQueryExecution", by: process)
                try await athena.waitForCalls(5, of: "GetQueryExecution", by: process)
                process.send(signal)
                return try await outcome
            }
            #expect(outcome.status == status, "\(outcome.errors)")
            let (word, tables) = try summary(outcome)
            #expect(word == "interrupted")
            #expect(
                try tables.map { try $0.member("status").string() }
                    == ["succeeded", "interrupted", "interrupted", "interrupted"])
            #expect(athena.stoppedExecutions.count == 2)
            #expect(athena.count(of: "StartQueryExecution") == 3, "what had not begun was not begun")

            let quick = try TablesJob(directory, job.tables.map { ($0.name, .customers(5)) })
            let rerun = quick.athena()
            let again = try await rerun.serve { try await quick.run($0, named) }
            #expect(again.status == 0, "\(again.errors)")
            #expect(again.output.contains("done: run nightly has succeeded already"))
            #expect(rerun.count(of: "StartQueryExecution") == 3)
        }
    }

    @Test func `an error that all tables have is printed once`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let job = try TablesJob(directory, (1...7).map { ("table\($0)", .customers(2)) })
            let athena = job.athena { _ in .error("AccessDeniedException", "not authorized to perform: athena:Start") }
            let outcome = try await athena.serve { try await job.run($0, ["--parallel", "1"]) }
            #expect(outcome.status == 77)
            let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("athena-export: error: ") }
            #expect(errors.count == 1 && errors[0].contains("table1, table2, table3, table4, table5 and 2 more: "))
        }
    }

    @Test(
        arguments: [
            ([0, 0], nil, 0), ([0, 75, 1], nil, 1), ([75, 75], nil, 75), ([77, 1], nil, 77), ([1, 75], 143, 143),
            ([0, 0], 143, 0), ([75, 130], 130, 130),
        ] as [([Int32], Int32?, Int32)])
    func `a job ends with the status of the signal, or of the first failure that does not pass by itself`(
        _ statuses: [Int32], _ signal: Int32?, _ expected: Int32
    ) throws {
        let status = JobReport.status(
            try statuses.map { try #require(CommandStatus(rawValue: $0)) },
            signal: signal.flatMap { CommandStatus(rawValue: $0) })
        #expect(status.rawValue == expected)
    }
}
