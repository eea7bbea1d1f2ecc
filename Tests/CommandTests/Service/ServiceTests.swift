import Foundation
import JSON
import Loopback
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.limitedConcurrency) struct `Failures of the service` {
    private func export(
        _ result: FakeResult, arguments: [String] = [], script: @escaping FaultScript,
        check: (Executable.Outcome, FakeAthena, String) throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: result, isSigned: isSigned, script: script)
            let outcome = try await athena.serve { url in
                try await Executable.run(["--endpoint-url", url, "--output", directory] + arguments)
            }
            try check(outcome, athena, directory)
        }
    }

    @Test(
        arguments: [
            ("UnrecognizedClientException", 77), ("AccessDeniedException", 77), ("InvalidSignatureException", 77),
            ("ExpiredTokenException", 77), ("InvalidRequestException", 78),
        ] as [(String, Int32)])
    func `a refusal is final and has its own exit status`(_ code: String, _ status: Int32) async throws {
        try await export(.customers(10)) { call in
            .error(code, "no \u{1b}[31m")
        } check: { outcome, athena, _ in
            #expect(outcome.status == status, "\(outcome.errors)")
            #expect(outcome.errors.contains(code))
            #expect(!outcome.errors.unicodeScalars.contains("\u{1b}"))
            #expect(athena.calls.count == 1)
        }
    }

    @Test func `a run that never started does not stand in the way of another`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(result: .customers(10), isSigned: isSigned) { call in
                call.number == 1 ? .error("AccessDeniedException", "no") : nil
            }
            try await athena.serve { url in
                let options = [
                    "--endpoint-url", url, "--output", directory, "--table", "customers", "--key", "customer_id",
                ]
                let refused = try await Executable.run(options + ["--query", "SELECT 1"])
                let next = try await Executable.run(options + ["--query", "SELECT 2"])
                #expect(refused.status == 77 && next.status == 0, "\(next.errors)")
            }
        }
    }

    @Test func `a run given up is followed by another of its name`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(50)
            result.pageRows = 11
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 5
                    ? .error("InvalidRequestException", "no") : nil
            }
            try await athena.serve { url in
                let options = ["--endpoint-url", url, "--output", directory, "--batch-rows", "20", "--run-id", "x"]
                let failed = try await Executable.run(options)
                let other = try await Executable.run(options + ["--format", "ndjson"])
                let restarted = try await Executable.run(options + ["--restart", "--summary", "json"])
                #expect(failed.status == 78 && restarted.status == 0, "\(restarted.errors)")
                #expect(other.status == 65 && other.errors.contains("format was csv, is ndjson"), "\(other.errors)")
                let summary = JSONField(try JSONValue(parsing: Array(restarted.output.utf8)))
                #expect(try summary.member("batches").integer() == 3)
                let runs = try ExportedTable("\(directory)/customers").manifest.member("runs").elements()
                #expect(try runs.map { try $0.member("status").string() } == ["abandoned", "succeeded"])
                let again = try await Executable.run(options)
                #expect(again.status == 0 && again.output.contains("nothing to do"))
            }
        }
    }

    @Test func `a statement that Athena cannot parse is a failed query`() async throws {
        try await export(.customers(10)) { _ in
            .respond(
                status: 400,
                body:
                    #"{"__type":"InvalidRequestException","AthenaErrorCode":"MALFORMED_QUERY","Message":"line 1:1: mismatched input"}"#
            )
        } check: { outcome, athena, _ in
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("mismatched input"))
        }
    }

    @Test func `retries that are used up leave a run that resumes`() async throws {
        try await export(.customers(10), arguments: ["--max-attempts", "2"]) { call in
            call.operation == "GetQueryResults" ? .respond(status: 503, body: "<html>") : nil
        } check: { outcome, athena, directory in
            #expect(outcome.status == 75)
            #expect(athena.count(of: "GetQueryResults") == 2)
            #expect(FileManager.default.fileExists(atPath: "\(directory)/customers/state.json"))
        }
    }

    @Test func `an answer that is no JSON is asked for again`() async throws {
        try await export(.customers(1500)) { call in
            call.operation == "GetQueryResults" && call.operationNumber % 2 == 1
                ? .respond(status: 200, body: "<html>proxy</html>") : nil
        } check: { outcome, athena, _ in
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(athena.count(of: "GetQueryResults") == 4)
        }
    }

    @Test func `calls that only inform may be refused`() async throws {
        try await export(.customers(10)) { call in
            call.operation == "GetQueryRuntimeStatistics" ? .error("AccessDeniedException", "no") : nil
        } check: { outcome, _, _ in
            #expect(outcome.status == 0)
        }
    }

    @Test(
        .timeLimit(.minutes(60)),
        arguments: [
            #"{"QueryRuntimeStatistics":{"Rows":{"OutputRows":-5}}}"#, #"{"QueryRuntimeStatistics":{"Rows":[]}}"#,
            #"{"QueryRuntimeStatistics":{"Rows":{"OutputRows":1e30}}}"#, "<html>", "", "never",
        ])
    func `a call that only informs is made once and never waited for`(_ answer: String) async throws {
        try await export(.customers(10)) { call in
            guard call.operation == "GetQueryRuntimeStatistics" else { return nil }
            return answer == "never" ? .delay(.seconds(100_000)) : .respond(status: 200, body: answer)
        } check: { outcome, athena, _ in
            #expect(outcome.status == 0 && !outcome.errors.contains("warning"), "\(outcome.errors)")
            #expect(athena.count(of: "GetQueryRuntimeStatistics") <= 1)
        }
    }

    @Test func `a proxy that asks for credentials ends the run at once and says so`() async throws {
        let proxy = try LoopbackServer.answering { _ in LoopbackServer.Answer(status: 407) }
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                ["--query", "SELECT 1", "--table", "t", "--key", "k", "--output", directory],
                environment: Executable.environment(["https_proxy": proxy.address]))
            #expect(outcome.status == 77, "\(outcome.errors)")
            #expect(outcome.errors.contains("requires a user and a password"))
            #expect(outcome.errors.contains("HTTPS_PROXY") && !outcome.errors.contains("trying again"))
        }
        proxy.stop()
    }

    @Test func `an execution that the service has forgotten is reported as missing`() async throws {
        try await export(.customers(10), arguments: ["--query-execution-id", "gone"]) { _ in
            nil
        } check: { outcome, athena, _ in
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("check the id and the region") && !outcome.errors.contains("--restart"))
            #expect(athena.count(of: "StartQueryExecution") == 0)
        }
    }

    @Test func `an execution that exists is exported and nothing is started`() async throws {
        var result = FakeResult.customers(10)
        result.knowsEveryExecution = true
        try await export(result, arguments: ["--query-execution-id", "known"]) { _ in
            nil
        } check: { outcome, athena, directory in
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(athena.count(of: "StartQueryExecution") == 0)
            let run = try ExportedTable("\(directory)/customers").manifest.member("runs").elements()[0]
            #expect(try run.member("query_execution_id").string() == "known")
        }
    }

    @Test func `a run without credentials names each provider that it tried`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let environment = Executable.environment().filter { !$0.key.contains("KEY") }
            let outcome = try await Executable.run(["--output", directory], environment: environment)
            #expect(outcome.status == 77, "\(outcome.errors)")
            #expect(
                outcome.errors.contains("environment: AWS_ACCESS_KEY_ID")
                    && outcome.errors.contains("shared config file"))
        }
    }

    @Test func `a query that takes too long is stopped, and the same command can be run again`() async throws {
        var result = FakeResult.customers(10)
        result.states = ["RUNNING"]
        try await export(result, arguments: ["--query-timeout", "1s"]) { _ in
            nil
        } check: { outcome, athena, _ in
            expectError(outcome, 75, ["and was stopped", "raise --query-timeout", "pays for it again"])
            #expect(athena.stoppedExecutions == athena.executionIDs)
        }
    }
}

@Suite(.limitedConcurrency) struct `Stopping by a signal` {
    @Test(arguments: [(SIGHUP, 129), (SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `a run that waits for its query stops it and ends in order`(_ signal: Int32, _ status: Int32) async throws {
        let (outcome, athena) = try await stoppedInTime { try await Self.stopped(by: signal) }
        try expectInterrupted(outcome, status, ["was stopped in Athena", "pays for it again"])
        #expect(athena.stoppedExecutions == athena.executionIDs)
    }

    @Test func `a service that does not answer the stop is not waited for`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.states = ["RUNNING"]
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                call.operation == "StopQueryExecution" ? .delay(.seconds(30)) : nil
            }
            let process = RunningProcess()
            let outcome = try await athena.serve { url in
                async let outcome = Executable.run(
                    ["--endpoint-url", url, "--output", directory], onStart: process.started)
                try await athena.waitForCalls(of: "GetQueryExecution", by: process)
                process.send(SIGTERM)
                return try await outcome
            }
            #expect(outcome.status == 143)
            #expect(outcome.errors.contains("could not be stopped in time"))
        }
    }

    @Test func `a query is left running when an option demands it`() async throws {
        let (outcome, athena) = try await Self.stopped(by: SIGTERM, "--leave-query-running")
        try expectInterrupted(outcome, 143, ["was not stopped"])
        #expect(athena.stoppedExecutions.isEmpty)
    }

    private static func stopped(
        by signal: Int32, _ arguments: String...
    ) async throws -> (Executable.Outcome, FakeAthena) {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.states = ["RUNNING"]
            let athena = FakeAthena(result: result, isSigned: isSigned)
            let process = RunningProcess()
            let outcome = try await athena.serve { url in
                async let outcome = Executable.run(
                    ["--endpoint-url", url, "--output", directory, "--summary", "json"] + arguments,
                    onStart: process.started)
                try await athena.waitForCalls(of: "GetQueryExecution", by: process)
                process.send(signal)
                return try await outcome
            }
            return (outcome, athena)
        }
    }

    private func expectInterrupted(_ outcome: Executable.Outcome, _ status: Int32, _ words: [String]) throws {
        #expect(outcome.status == status, "\(outcome.errors)")
        let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
        #expect(try summary.member("status").string() == "interrupted")
        // There is no manifest before the first batch.
        #expect(try summary.optionalMember("manifest") == nil)
        let message = try summary.member("error").member("message").string()
        for word in words { #expect(message.contains(word)) }
    }

    @Test func `a run reports in text as well what became of its query, and names no manifest that is missing`()
        async throws
    {
        let (outcome, _) = try await stoppedInTime { try await Self.stopped(by: SIGINT, "--summary", "text") }
        #expect(outcome.output.contains("next: query ") && outcome.output.contains("was stopped in Athena"))
        #expect(!outcome.output.contains("manifest"))
    }

    @Test func `a run that is stopped between pages is completed to the same bytes`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(60)
            result.pageRows = 11
            let athena = FakeAthena(result: result, isSigned: isSigned) { call in
                call.operation == "GetQueryResults" && call.operationNumber == 4 ? .delay(.seconds(30)) : nil
            }
            let options = ["--batch-rows", "20", "--output"]
            let process = RunningProcess()
            try await athena.serve { url in
                async let first = Executable.run(
                    ["--endpoint-url", url] + options + ["\(directory)/a"], onStart: process.started)
                try await athena.waitForCalls(4, of: "GetQueryResults", by: process)
                process.send(SIGINT)
                let interrupted = try await first
                #expect(interrupted.status == 130)
                // The query itself had ended, so there was nothing to stop.
                #expect(athena.stoppedExecutions.isEmpty)
                let resumed = try await Executable.run(["--endpoint-url", url] + options + ["\(directory)/a"])
                let whole = try await Executable.run(["--endpoint-url", url] + options + ["\(directory)/b"])
                #expect(resumed.status == 0 && whole.status == 0)
            }
            func data(_ name: String) -> [String: Data] {
                TestMachine.files(below: "\(directory)/\(name)/customers").filter { $0.key.hasPrefix("data/") }
            }
            #expect(data("a") == data("b"))
            #expect(athena.executionIDs.count == 2)
        }
    }
}

@Suite(.limitedConcurrency) struct `The replaced connector's configuration` {
    @Test func `the connector's configuration runs unchanged`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let configuration: JSONValue = [
                "aws_access_key_id": .string(Executable.accessKeyID),
                "aws_secret_access_key": .string(Executable.secretAccessKey), "region_name": "eu-central-1",
                "database_name": "default", "s3_staging_dir": "s3://bucket/staging/",
            ]
            try Data(configuration.serialized(pretty: true))
                .write(to: URL(fileURLWithPath: "\(directory)/configuration.json"))
            let athena = FakeAthena(result: .customers(1500), isSigned: isSigned)
            let outcome = try await athena.serve { url in
                try await Executable.run(
                    ["--config", "configuration.json"],
                    environment: Executable.environment(["AWS_ENDPOINT_URL": url])
                        .filter { !["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"].contains($0.key) },
                    directory: directory)
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(athena.badSignatures == 0)
            let sent = try #require(athena.calls.first { $0.operation == "StartQueryExecution" }?.body)
            let request = JSONField(try JSONValue(parsing: Array(sent.utf8)))
            #expect(try request.member("QueryString").string() == "SELECT * FROM test_rows")
            #expect(try request.member("QueryExecutionContext").member("Database").string() == "default")
            #expect(
                try request.member("ResultConfiguration").member("OutputLocation").string() == "s3://bucket/staging/")
            let table = try ExportedTable("\(directory)/export/customers")
            #expect(try table.manifest.member("primary_key").strings() == ["customer_id"])
            #expect(try await table.contents().joined().split(separator: "\n").count == 1501)
            for (name, data) in TestMachine.files(below: "\(directory)/export") {
                #expect(!String(decoding: data, as: UTF8.self).contains(Executable.secretAccessKey), "\(name)")
            }
        }
    }
}
