import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Wrong arguments and configuration` {
    @Test(
        arguments: [
            (["--nonsense"], ["--nonsense"]), (["--batch-rows", "0"], ["--batch-rows", "0 is not from 1"]),
            (["--batch-rows", "x"], ["--batch-rows"]), (["--batch-bytes", "12XB"], ["--batch-bytes"]),
            (["--compression-level", "10"], ["--compression-level"]), (["--format", "xml"], ["--format"]),
            (["--query"], ["--query"]), (["--query", " "], ["--query", "empty"]),
            (["--query", "a", "--query-file", "b"], ["--query-file"]), (["--table", "../x"], ["--table"]),
            (["--table", "_x"], ["--table"]), (["--key", "a", "--key", "a"], ["--key", "twice"]),
            (["--key", ""], ["--key"]),
            (["--source", "s3"], ["s3", "replayed"]), (["--source", "unload"], ["unload", "replayed"]),
            (["--nested", "json"], ["--nested", "not recorded"]), (["--unload-to", "b/p"], ["--unload-to", "s3://"]),
            (["--query-timeout", "5"], ["--query-timeout"]), (["--max-attempts", "0"], ["--max-attempts"]),
            (["--jobs", "0"], ["--jobs", "0 is not from 1 to 256"]),
            (["--staging-dir", "bucket"], ["--staging-dir", "s3://"]), (["--work-group", "a b"], ["--work-group"]),
            (["--query-execution-id", "x", "--query", "y"], ["--query-execution-id"]),
            (["--run-id", "a b"], ["--run-id"]),
            (["--parameter", ""], ["--parameter"]), (["--parameter", "1"], ["--parameter", "0 ?"]),
            (["--query", "SELECT ?"], ["--query", "1 ?"]), (["--region", "us-east-1/../@evil"], ["--region"]),
            (["--endpoint-url", "file:///etc/passwd"], ["--endpoint-url", "scheme"]),
            (["--replay", "a", "--record", "b"], ["--record"]),
            (["--query", "SELECT 1"], ["--query", "--table", "--key", "nothing was sent"]),
            (["--query", "SELECT 1", "--table", "t"], ["--query", "--key"]),
            (["--query", "SELECT 1", "--key", "k"], ["--query", "--table"]),
            (["--query", "INSERT INTO t SELECT 1", "--table", "t", "--key", "k"], ["--query", "INSERT", "SELECT"]),
            (["--query", "( msck repair table t )", "--table", "t", "--key", "k"], ["--query", "MSCK"]),
        ] as [([String], [String])])
    func `an impossible argument is refused by its name`(_ arguments: [String], _ words: [String]) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run(["--replay", customers] + arguments, in: directory)
            expectError(outcome, 64, words)
            #expect(TestMachine.files(below: directory).isEmpty)
        }
    }

    @Test(
        arguments: [
            (#"{"region_name": "<YOUR_REGION_NAME>"}"#, ["region_name", "placeholder"]),
            (#"{"regionname": "x"}"#, ["regionname", "no such key", "did you mean region_name?"]),
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
            (#"{"region_name": null"#, ["line 1, column 21"]), ("[]", ["an object"]),
            ("", ["line 1, column 1", "empty"]),
            (#"{"batch_bytes": "12 parsecs"}"#, ["batch_bytes"]), (#"{"query": "   "}"#, ["query", "empty"]),
        ] as [(String, [String])])
    func `an impossible value in the configuration is refused by its key`(_ text: String, _ words: [String])
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/configuration.json"))
            let outcome = try await run(["--replay", customers, "--config", "configuration.json"], in: directory)
            expectError(outcome, 78, ["configuration.json"] + words)
            #expect(TestMachine.files(below: directory).count == 1)
        }
    }

    @Test(arguments: [["--config", "missing.json"], ["--replay", "missing"], ["--query-file", "missing.sql"]])
    func `a file that is missing is named`(_ arguments: [String]) async throws {
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
