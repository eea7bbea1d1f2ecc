import Foundation
import JSON
import TestSupport
import Testing

private let customers = TestMachine.root.appendingPathComponent("fixtures/customers").path

/// Runs offline in a directory of its own.
private func run(_ arguments: [String], in directory: String, environment: [String: String] = Executable.environment())
    async throws -> Executable.Outcome
{
    try await Executable.run(arguments, environment: environment, directory: directory)
}

/// One line that says what, where and what to do; the status; and no trace of the keys.
private func expectError(
    _ outcome: Executable.Outcome, _ status: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("athena-export: error: ") }
    #expect(lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    for word in words {
        #expect(lines.first?.contains(word) == true, "\(word) in \(lines)", sourceLocation: sourceLocation)
    }
    for text in [outcome.errors, outcome.output] {
        #expect(!text.contains(Executable.secretAccessKey), sourceLocation: sourceLocation)
    }
}

@Suite struct `Wrong arguments and configuration` {
    @Test(
        arguments: [
            (["--nonsense"], ["--nonsense"]), (["--batch-rows", "0"], ["--batch-rows", "0 is not from 1"]),
            (["--batch-rows", "x"], ["--batch-rows"]), (["--batch-bytes", "12XB"], ["--batch-bytes"]),
            (["--compression-level", "10"], ["--compression-level"]), (["--format", "xml"], ["--format"]),
            (["--query"], ["--query"]), (["--query", " "], ["--query", "empty"]),
            (["--query", "a", "--query-file", "b"], ["--query-file"]), (["--table", "../x"], ["--table"]),
            (["--table", "_x"], ["--table"]), (["--key", "a", "--key", "a"], ["--key", "twice"]),
            (["--key", ""], ["--key"]),
            (["--source", "s3"], ["s3", "replayed"]), (["--source", "unload"], ["unload", "not there yet"]),
            (["--query-timeout", "5"], ["--query-timeout"]), (["--max-attempts", "0"], ["--max-attempts"]),
            (["--staging-dir", "bucket"], ["--staging-dir", "s3://"]), (["--work-group", "a b"], ["--work-group"]),
            (["--query-execution-id", "x", "--query", "y"], ["--query-execution-id"]),
            (["--run-id", "a b"], ["--run-id"]),
            (["--parameter", ""], ["--parameter"]), (["--region", "us-east-1/../@evil"], ["--region"]),
            (["--endpoint-url", "file:///etc/passwd"], ["--endpoint-url", "scheme"]),
            (["--replay", "a", "--record", "b"], ["--record"]),
        ] as [([String], [String])])
    func `an argument that cannot be is refused by its name`(_ arguments: [String], _ words: [String]) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(["--replay", customers] + arguments, in: directory)
            expectError(outcome, 64, words)
            #expect(TestMachine.files(below: directory).isEmpty)
        }
    }

    @Test(
        arguments: [
            (#"{"region_name": "<YOUR_REGION_NAME>"}"#, ["region_name", "placeholder"]),
            (#"{"regionname": "x"}"#, ["regionname", "unknown key"]),
            (#"{"table": "a", "table": "b"}"#, ["table", "twice"]),
            (#"{"batch_rows": "many"}"#, ["batch_rows", "a string"]), (#"{"batch_rows": 0}"#, ["batch_rows"]),
            (#"{"batch_rows": 1.5}"#, ["batch_rows"]),
            (#"{"primary_key": "customer_id"}"#, ["primary_key", "an array"]),
            (#"{"primary_key": []}"#, ["primary_key"]), (#"{"query": "a", "query_file": "b"}"#, ["query_file"]),
            (#"{"s3_staging_dir": "my-bucket/x"}"#, ["s3_staging_dir", "s3://"]),
            (#"{"format": "xml"}"#, ["format", "csv"]),
            (#"{"source": "s3"}"#, ["source", "replayed"]), (#"{"table": "a/b"}"#, ["table"]),
            (#"{"aws_access_key_id": "AKID"}"#, ["aws_secret_access_key"]),
            (#"{"aws_access_key_id": "A", "aws_secret_access_key": "b c"}"#, []),
            (#"{"aws_access_key_id": "AKID", "aws_secret_access_key": "k\n"}"#, ["aws_secret_access_key"]),
            (#"{"aws_access_key_id": "AKID", "aws_secret_access_key": "k", "profile_name": "p"}"#, ["profile_name"]),
            (#"{"region_name": null"#, ["byte"]), ("[]", ["an object"]), ("", ["byte 0"]),
            ("\u{feff}{}", ["byte order mark"]),
            (#"{"batch_bytes": "12 parsecs"}"#, ["batch_bytes"]), (#"{"query": "   "}"#, ["query", "empty"]),
        ] as [(String, [String])])
    func `a configuration that cannot be is refused by its key`(_ text: String, _ words: [String]) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/configuration.json"))
            let outcome = try await run(["--replay", customers, "--config", "configuration.json"], in: directory)
            expectError(outcome, 78, ["configuration.json"] + words)
            #expect(TestMachine.files(below: directory).count == 1)
        }
    }

    @Test(arguments: [["--config", "missing.json"], ["--replay", "missing"], ["--query-file", "missing.sql"]])
    func `a file that is not there is named`(_ arguments: [String]) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(["--replay", customers] + arguments, in: directory)
            expectError(outcome, 66, [arguments[1]])
        }
    }

    @Test(
        arguments: [(["--replay", "missing"], "missing"), (["--batch-rows", "0"], "--batch-rows")]
            as [([String], String)])
    func `a run that cannot begin has a JSON summary all the same`(_ arguments: [String], _ word: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(arguments + ["--summary", "json"], in: directory)
            let summary = JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
            #expect(try summary.member("status").string() == "failed")
            #expect(try summary.member("error").member("message").string().contains(word))
        }
    }

    @Test func `keys that others can read are warned about`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let file = "\(directory)/configuration.json"
            try Data(#"{"aws_access_key_id": "AKID", "aws_secret_access_key": "0123456789secret"}"#.utf8)
                .write(to: URL(fileURLWithPath: file))
            for (mode, isWarned) in [(0o644, true), (0o640, true), (0o600, false), (0o400, false)] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
                let outcome = try await run(["--replay", customers, "--config", file], in: directory)
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains("chmod 600") == isWarned)
                #expect(!outcome.errors.contains("0123456789secret"))
            }
        }
    }

    @Test func `help and version go to standard output`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let help = try await run(["run", "--help"], in: directory)
            #expect(help.status == 0 && help.output.contains("--batch-rows") && help.errors.isEmpty)
            let version = try await run(["--version"], in: directory)
            #expect(version.status == 0 && version.output.contains("."))
        }
    }
}

@Suite struct `Data that cannot be trusted` {
    /// Replays a copy of the customers that was changed, after a good run into the same directory.
    private func expectRefused(_ words: [String], status: Int32 = 65, change: (String) throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try FileManager.default.copyItem(atPath: customers, toPath: "\(directory)/recorded")
            let command = ["--replay", "recorded", "--batch-rows", "20"]
            let good = try await run(command, in: directory)
            #expect(good.status == 0)
            try change("\(directory)/recorded")
            let before = TestMachine.files(below: "\(directory)/export").filter { !$0.key.hasSuffix("state.json") }
            let outcome = try await run(command, in: directory)
            expectError(outcome, status, words)
            let after = TestMachine.files(below: "\(directory)/export")
            for (name, data) in before where !name.hasSuffix("manifest.json") {
                #expect(after[name] == data, "\(name)")
            }
        }
    }

    private func rewrite(_ file: String, _ change: (String) -> String) throws {
        let url = URL(fileURLWithPath: file)
        try Data(change(String(decoding: try Data(contentsOf: url), as: UTF8.self)).utf8).write(to: url)
    }

    @Test func `a page cut short is named with the byte where it ends`() async throws {
        try await expectRefused(["recorded/GetQueryResults-2.json", "byte 1000"]) { recorded in
            let url = URL(fileURLWithPath: "\(recorded)/GetQueryResults-2.json")
            try Data(contentsOf: url).prefix(1000).write(to: url)
        }
    }

    @Test func `a page that is missing is named with the one that leads to it`() async throws {
        try await expectRefused(["recorded/GetQueryResults-3.json", "GetQueryResults-2.json leads to it"]) { recorded in
            try FileManager.default.removeItem(atPath: "\(recorded)/GetQueryResults-3.json")
        }
    }

    @Test func `a page that leads to itself is noticed`() async throws {
        try await expectRefused(["names itself"]) { recorded in
            let url = URL(fileURLWithPath: "\(recorded)/GetQueryResults-1.json")
            let page = JSONField(try JSONValue(parsing: Array(try Data(contentsOf: url))))
            let token = try page.member("NextToken").string()
            let second = "\(recorded)/GetQueryResults-2.json"
            let next = try JSONField(JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: second)))))
                .member("NextToken").string()
            try rewrite(second) { $0.replacingOccurrences(of: next, with: token) }
        }
    }

    @Test func `pages that lead round in a circle are noticed`() async throws {
        try await expectRefused(["an earlier page"]) { recorded in
            func token(_ page: Int) throws -> String {
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(recorded)/GetQueryResults-\(page).json"))
                return try JSONField(JSONValue(parsing: Array(data))).member("NextToken").string()
            }
            let (first, third) = (try token(1), try token(3))
            try rewrite("\(recorded)/GetQueryResults-3.json") { $0.replacingOccurrences(of: third, with: first) }
        }
    }

    @Test func `only an error answer where the service must have answered is an error`() async throws {
        try await expectRefused(["StartQueryExecution-1.json is missing"]) { recorded in
            try Data(#"{"__type":"ThrottlingException"}"#.utf8)
                .write(to: URL(fileURLWithPath: "\(recorded)/StartQueryExecution-1.400.json"))
            try FileManager.default.removeItem(atPath: "\(recorded)/StartQueryExecution-1.json")
        }
    }

    @Test(arguments: [
        "{}", "null", "[]", #"{"QueryExecution":{"QueryExecutionId":"other","Status":{"State":"SUCCEEDED"}}}"#,
    ])
    func `an answer of the wrong shape is not passed over`(_ text: String) async throws {
        try await expectRefused(["recorded/GetQueryExecution-1.json"]) { recorded in
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(recorded)/GetQueryExecution-1.json"))
        }
    }

    @Test func `a request whose columns were refused does not block a better one`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let wrong = try await run(["--replay", customers, "--key", "nope"], in: directory)
            expectError(wrong, 65, ["nope", "--key"])
            let right = try await run(["--replay", customers], in: directory)
            #expect(right.status == 0, "\(right.errors)")
            let before = TestMachine.files(below: directory)
            let other = try await run(["--replay", customers, "--format", "ndjson"], in: directory)
            expectError(other, 65, ["format csv became ndjson"])
            #expect(!other.errors.contains("query started"))
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test func `columns that change between pages are an error`() async throws {
        try await expectRefused(["columns changed"]) { recorded in
            try rewrite("\(recorded)/GetQueryResults-4.json") {
                $0.replacingOccurrences(of: "\"email\"", with: "\"mail\"")
            }
        }
    }

    @Test(
        arguments: [
            ("customer_id", "id", "customer_id"), ("first_name", "Email", "two columns"),
            ("email", "Batch", "partition"),
        ])
    func `columns that cannot be exported are an error`(_ name: String, _ other: String, _ word: String) async throws {
        try await expectRefused([word]) { recorded in
            for page in 1...4 {
                try rewrite("\(recorded)/GetQueryResults-\(page).json") {
                    $0.replacingOccurrences(of: "\"\(name)\"", with: "\"\(other)\"")
                }
            }
        }
    }

    @Test func `a SELECT whose header row is missing is not guessed at`() async throws {
        try await expectRefused(["does not repeat the column names"]) { recorded in
            try rewrite("\(recorded)/GetQueryResults-1.json") {
                $0.replacingOccurrences(of: #"{"VarCharValue":"customer_id"}"#, with: #"{"VarCharValue":"000"}"#)
            }
        }
    }

    @Test func `a fixture that is compressed by mistake is called so`() async throws {
        try await expectRefused(["recorded/GetQueryExecution-1.json", "gzip"]) { recorded in
            try Data([0x1f, 0x8b, 8, 0]).write(to: URL(fileURLWithPath: "\(recorded)/GetQueryExecution-1.json"))
        }
    }

    @Test func `a directory in the place of a fixture is no answer`() async throws {
        try await expectRefused(["StartQueryExecution-1.json", "not a regular file"]) { recorded in
            try FileManager.default.removeItem(atPath: "\(recorded)/StartQueryExecution-1.json")
            try FileManager.default.createDirectory(
                atPath: "\(recorded)/StartQueryExecution-1.json", withIntermediateDirectories: false)
        }
    }
}

@Suite struct `State and manifest that were changed by hand` {
    @Test(
        arguments: [
            ("manifest.json", #""version": 1"#, #""version": 2"#, ["version", "newer"]),
            ("manifest.json", #""format": "athena-export/manifest""#, #""format": "other""#, ["format"]),
            ("manifest.json", #""sequence": 2"#, #""sequence": 1"#, ["batches[1].sequence"]),
            ("manifest.json", "data/batch=000002/", "../../../", ["batches[1].path"]),
            ("manifest.json", #""rows": 19"#, #""rows": 18"#, ["batches[0]"]),
            ("manifest.json", #""batches": 3"#, #""batches": 4"#, ["totals.batches"]),
            ("manifest.json", #""sha256": ""#, #""sha256": "x"#, ["sha256"]),
            ("manifest.json", #""type": "STRING""#, #""type": "TEXT""#, ["columns[0].type"]),
            ("manifest.json", "{", "[", ["byte"]),
            (
                "manifest.json", #""uncompressed_bytes": "#, #""uncompressed_bytes": 9000000000000000000"#,
                ["uncompressed_bytes"]
            ),
            ("state.json", #""version": 1"#, #""version": 9"#, ["version", "newer"]),
            ("state.json", #""next_batch": 4"#, #""next_batch": 9223372036854775807"#, ["next_batch", "at most"]),
            ("state.json", #""duplicate_rows": "#, #""duplicate_rows": 922337203685477580"#, ["duplicate_rows"]),
            ("state.json", #""status": "succeeded""#, #""status": "done""#, ["status"]),
            ("state.json", #""next_batch": 4"#, #""next_batch": -4"#, ["next_batch"]),
            ("state.json", #""rows_exported": 45"#, #""rows_exported": "x""#, ["position.rows_exported"]),
            ("state.json", #""table": "customers""#, #""table": "people""#, ["request_fingerprint"]),
        ] as [(String, String, String, [String])])
    func `are refused with file and field, and nothing changes`(
        _ file: String, _ old: String, _ new: String, _ words: [String]
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let command = ["--replay", customers, "--batch-rows", "20"]
            _ = try await run(command, in: directory)
            let url = URL(fileURLWithPath: "\(directory)/export/customers/\(file)")
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            let range = try #require(text.range(of: old))
            try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: url)
            let before = TestMachine.files(below: directory)
            for arguments in [command, ["status", "export/customers"]] {
                let outcome = try await run(arguments, in: directory)
                expectError(outcome, 65, ["export/customers/\(file)"] + words)
            }
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test(
        arguments: [
            (#""rows_into_page": 2"#, #""rows_into_page": 3"#, "position"),
            (#""page_token": "[^"]*""#, #""page_token": null"#, "position"),
        ])
    func `a position that cannot be is not resumed from`(_ old: String, _ new: String, _ word: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try FileManager.default.copyItem(atPath: customers, toPath: "\(directory)/recorded")
            try FileManager.default.removeItem(atPath: "\(directory)/recorded/GetQueryResults-2.json")
            let command = ["--replay", "recorded", "--batch-rows", "2"]
            _ = try await run(command, in: directory)
            let url = URL(fileURLWithPath: "\(directory)/export/customers/state.json")
            var text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            text = text.replacingOccurrences(of: #""rows_exported": 14"#, with: #""rows_exported": 2"#)
            let range = try #require(
                text.range(of: old, options: .regularExpression) ?? text.range(of: "\"rows_into_page\": 0"))
            try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: url)
            expectError(try await run(command, in: directory), 65, ["state.json", word])
        }
    }

    @Test func `a manifest that is missing is missed`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            _ = try await run(["--replay", customers], in: directory)
            try FileManager.default.removeItem(atPath: "\(directory)/export/customers/manifest.json")
            let outcome = try await run(["--replay", customers], in: directory)
            expectError(outcome, 65, ["manifest.json", "missing"])
        }
    }
}

@Suite struct `Output that cannot be written` {
    @Test func `a temporary name that is taken is the name in the error`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let taken = "\(directory)/export/customers/.work/customers-000001.csv.gz.tmp"
            try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: true)
            expectError(try await run(["--replay", customers], in: directory), 73, ["csv.gz.tmp"])
        }
    }

    @Test func `a recording into a file is refused before anything is called`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data().write(to: URL(fileURLWithPath: "\(directory)/taken"))
            let outcome = try await run(["--record", "taken", "--endpoint-url", "http://127.0.0.1:1"], in: directory)
            expectError(outcome, 73, ["taken"])
        }
    }

    @Test func `a file in the place of the directory is named`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data().write(to: URL(fileURLWithPath: "\(directory)/taken"))
            let outcome = try await run(["--replay", customers, "--output", "taken"], in: directory)
            expectError(outcome, 73, ["taken"])
        }
    }

    @Test func `a summary that nobody can take is an error, and the export is complete`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/bin/sh", ["-c", #""$0" --replay "$1" >/dev/full"#, Executable.path, customers],
                environment: Executable.environment(), directory: directory)
            expectError(outcome, 74, ["summary"])
            #expect(try ExportedTable("\(directory)/export/customers").state.member("status").string() == "succeeded")
        }
    }

    @Test func `a reader of the log that goes away does not end the export`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                "/bin/sh",
                [
                    "-c", #"{ "$0" --replay "$1" --progress always --log-level trace; echo $? >status; } 2>&1 | true"#,
                    Executable.path, customers,
                ],
                environment: Executable.environment(), directory: directory)
            #expect(outcome.status == 0)
            #expect(try ExportedTable("\(directory)/export/customers").state.member("status").string() == "succeeded")
        }
    }

    @Test func `a second run in a directory that is at work waits for nobody`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.states = ["RUNNING"]
            let athena = FakeAthena(result: result)
            try await athena.serve { url in
                let process = RunningProcess()
                async let first = Executable.run(
                    ["--endpoint-url", url, "--output", directory], onStart: process.started)
                while athena.count(of: "GetQueryExecution") == 0 { try await Task.sleep(for: .milliseconds(5)) }
                let second = try await run(["--replay", customers, "--output", directory], in: directory)
                expectError(second, 75, ["another run is at work"])
                process.kill()
                _ = try await first
                // The lock ends with its holder.
                let third = try await run(["--replay", customers, "--output", directory, "--restart"], in: directory)
                #expect(third.status == 0, "\(third.errors)")
            }
        }
    }
}
