import ArgumentParser
import BatchExport
import Foundation
import JSON
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Defects of a configuration file` {
    /// Every key, except those that exclude others.
    private static let good: JSONValue = [
        "aws_access_key_id": .string(Executable.accessKeyID),
        "aws_secret_access_key": .string(Executable.secretAccessKey),
        "aws_session_token": .string(Executable.sessionToken), "region_name": "eu-central-1",
        "database_name": "sales", "s3_staging_dir": "s3://bucket/prefix/", "expected_bucket_owner": "111122223333",
        "catalog_name": "AwsDataCatalog", "kms_key": "arn:aws:kms:us-east-1:111122223333:key/mrk-1",
        "reuse_results": "1h",
        "work_group": "primary", "endpoint_url": "https://athena.example.com", "query": "SELECT ?, ?",
        "parameters": ["1", "'x'"], "table": "orders", "primary_key": ["id"], "write_mode": "upsert",
        "on_schema_change": "append_new_columns", "format": "ndjson",
        "batch_rows": .integer(1000), "batch_bytes": "128MiB", "compression_level": .integer(9), "output": "out",
        "source": "api", "unload_to": "s3://bucket/unloaded/", "keep_unload": .bool(true), "nested": "json",
        "prune_runs": .integer(3), "changes_only": .bool(false), "max_deletes": .integer(10),
        "query_timeout": "1h30m", "leave_query_running": .bool(true),
        "jobs": .integer(2), "parallel": .integer(2), "max_attempts": .integer(3), "progress": "never",
        "log_level": "debug",
        "log_format": "json", "summary": "json", "metrics_file": "metrics.prom",
    ]
    private static let text = good.serialized(pretty: true)

    @Test func `a configuration with every key is accepted`() async throws {
        #expect(try await ConfigurationCheck.file(Self.text) == .accepted)
        #expect(try await ConfigurationCheck.file("{}".utf8) == .accepted)
    }

    @Test(arguments: JSONDefect.all) func `a configuration with broken JSON is refused with the line and column`(
        _ defect: JSONDefect
    ) async throws {
        // Editors write the mark, and the text behind it is JSON.
        if defect.name == "a byte order mark" { return }
        let text = defect.apply(Self.text)
        let words = text.count > 1 << 20 ? ["larger than"] : [": line ", "column "]
        try await ConfigurationCheck.file(text).expectRefused(.configuration, ["configuration.json"] + words)
    }

    @Test func `a configuration that is cut off anywhere is refused with the line and column`() async throws {
        try await withConfiguration([]) { path in
            for count in 0..<Self.text.count - 2 {
                try Data(Self.text[..<count]).write(to: URL(fileURLWithPath: path))
                ConfigurationCheck { $0.config = path }.expectRefused(
                    .configuration, [path, "line ", "column "], "\(count) bytes")
            }
        }
    }

    @Test func `a key of another kind is refused by its name, and a key with null counts as missing`() async throws {
        try await withConfiguration([]) { path in
            for mutation in JSONMutation.all(of: Self.good) {
                try Data(mutation.text).write(to: URL(fileURLWithPath: path))
                let isAbsent = mutation.name.hasSuffix("missing") || mutation.name.hasSuffix("null")
                let isOfKeys = mutation.path.hasPrefix("aws_") && !mutation.path.hasSuffix("token")
                // A plain number of bytes is a valid size.
                let isSize = mutation.path == "batch_bytes" && mutation.name.hasSuffix("a number")
                if isAbsent, ["query", "parameters"].contains(mutation.path) {
                    let other = mutation.path == "query" ? "parameters" : "query"
                    ConfigurationCheck { $0.config = path }.expectRefused(
                        .configuration, [path, other, "?"], "\(mutation)")
                } else if isAbsent, ["table", "primary_key"].contains(mutation.path) {
                    ConfigurationCheck { $0.config = path }.expectRefused(.usage, [path, mutation.path], "\(mutation)")
                } else if isAbsent && !isOfKeys || isSize {
                    #expect(ConfigurationCheck { $0.config = path } == .accepted, "\(mutation)")
                } else {
                    let word = isAbsent ? "aws_" : mutation.path
                    ConfigurationCheck { $0.config = path }.expectRefused(.configuration, [path, word], "\(mutation)")
                }
            }
        }
    }

    @Test(arguments: [
        (#"{"Table":"a","table":"b"}"#, "Table"), (#"{"tabel":"a"}"#, "tabel"),
        (#"{"table":"a","table":"a"}"#, "table"),
        (#"{"s3_staging_dir":"bucket/x"}"#, "s3://"), (#"{"s3_staging_dir":"s3://"}"#, "no name of an S3 bucket"),
        (#"{"s3_staging_dir":"s3://My_Bucket_/"}"#, "no name of an S3 bucket"),
        (#"{"s3_staging_dir":"s3://.../"}"#, "no name of an S3 bucket"),
        (#"{"s3_staging_dir":"s3://-a-/"}"#, "no name of an S3 bucket"),
        (#"{"s3_staging_dir":"s3://b@evil/x"}"#, "no name of an S3 bucket"),
        (#"{"s3_staging_dir":"s3://bucket/a/../b"}"#, ".."), (#"{"batch_rows":0}"#, "batch_rows: 0 is not from 1"),
        (#"{"expected_bucket_owner":"1111-2222-3333"}"#, "12 digits"),
        (#"{"kms_key":"arn:aws:s3:::bucket"}"#, "kms_key"), (#"{"kms_key":"arn:aws:kms:a:1:key/x"}"#, "kms_key"),
        (#"{"kms_key":"my key"}"#, "kms_key"), (#"{"reuse_results":"8d"}"#, "from 1m to 7d"),
        (#"{"reuse_results":"90s"}"#, "from 1m to 7d"), (#"{"reuse_results":"0m"}"#, "from 1m to 7d"),
        (#"{"batch_rows":-1}"#, "batch_rows"), (#"{"batch_rows":9223372036854775808}"#, "batch_rows"),
        (#"{"batch_bytes":0}"#, "batch_bytes"), (#"{"batch_bytes":"9999999999GiB"}"#, "batch_bytes"),
        (#"{"compression_level":10}"#, "compression_level"), (#"{"query":""}"#, "empty"),
        (#"{"query":"-- nothing"}"#, "only comments"), (#"{"query":"/* a */ -- b\n;"}"#, "only comments"),
        (#"{"query":"/* no end"}"#, "only comments"), (#"{"query":"a","query_file":"b"}"#, "query_file"),
        (#"{"query":"SELECT ?, '?'"}"#, "1 ? outside of quotes"), (#"{"parameters":["1"]}"#, "parameters"),
        (#"{"query":"SELECT ?","parameters":["1","2"]}"#, "there are 2 parameters"),
        (#"{"parameters":[""]}"#, "parameters"), (#"{"primary_key":[]}"#, "primary_key"),
        (#"{"primary_key":["a","a"]}"#, "twice"), (#"{"primary_key":[""]}"#, "primary_key"),
        (#"{"aws_access_key_id":"<YOUR_KEY>","aws_secret_access_key":"x"}"#, "placeholder"),
        (#"{"aws_access_key_id":" AKID","aws_secret_access_key":"x"}"#, "blank"),
        (#"{"aws_access_key_id":"AKID","aws_secret_access_key":"x","profile_name":"p"}"#, "profile_name"),
        (#"{"work_group":"a/b"}"#, "work_group"), (#"{"region_name":"eu central"}"#, "region_name"),
        (#"{"endpoint_url":"ftp://h/"}"#, "endpoint_url"), (#"{"endpoint_url":"file:///etc/passwd"}"#, "endpoint_url"),
        (#"{"endpoint_url":"gopher://h/"}"#, "endpoint_url"), (#"{"format":"CSV"}"#, "format"),
    ])
    func `a key with an impossible value is refused by its name`(_ text: String, _ word: String) async throws {
        try await ConfigurationCheck.file(text.utf8).expectRefused(.configuration, ["configuration.json", word])
    }

    @Test func `a statement longer than Athena takes is refused`() async throws {
        for (bytes, isTaken) in [(262_144, true), (262_145, false)] {
            let text: JSONValue = [
                "query": .string("SELECT" + String(repeating: " ", count: bytes - 6)), "table": "t",
                "primary_key": ["k"],
            ]
            let said = try await ConfigurationCheck.file(text.serialized(pretty: false))
            if isTaken { #expect(said == .accepted) } else { said.expectRefused(.configuration, ["query", "262144"]) }
        }
    }

    @Test(arguments: ["SELECT '--'", "/**/SELECT 1", "-- a\nSELECT 1", "/* * / */;SELECT/**/1"])
    func `a statement beside comments is accepted`(_ query: String) async throws {
        let json: JSONValue = ["query": .string(query), "table": "t", "primary_key": ["k"]]
        #expect(try await ConfigurationCheck.file(json.serialized(pretty: false)) == .accepted)
    }

    @Test(arguments: [
        "INSERT INTO t SELECT 1", "/* a */ drop table t", "MSCK REPAIR TABLE t",
        "EXPLAIN ANALYZE INSERT INTO t SELECT 1",
        "UNLOAD (SELECT 1) TO 's3://b/p/' WITH (format = 'JSON')", "/SELECT", "-1",
    ])
    func `a statement that reads no rows is refused as an argument would be`(_ query: String) async throws {
        let json: JSONValue = ["query": .string(query), "table": "t", "primary_key": ["k"]]
        try await ConfigurationCheck.file(json.serialized(pretty: false))
            .expectRefused(.usage, ["configuration.json", "query: the statement", "reads rows", "nothing was sent"])
    }

    @Test(arguments: [
        (#""query":"SELECT 1""#, ["--table NAME (table)", "--key COLUMN (primary_key)"]),
        (#""query":"SELECT 1","table":"t""#, ["--key COLUMN (primary_key)"]),
        (#""query":"SELECT 1","primary_key":["k"]"#, ["--table NAME (table)"]),
    ]) func `a statement without table or key is refused, unless options give them`(
        _ members: String, _ missing: [String]
    ) async throws {
        try await withConfiguration("{\(members)}".utf8) { path in
            ConfigurationCheck(["--config", path]).expectRefused(.usage, [path, "query"] + missing)
            #expect(ConfigurationCheck(["--config", path, "--table", "t", "--key", "k"]) == .accepted)
            // An existing query does not use this statement.
            #expect(ConfigurationCheck(["--config", path, "--query-execution-id", "id"]) == .accepted)
        }
    }

    /// Every value that can reach a header, a host or a path is checked by the same rule.
    @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\u{1b}]0;x\u{7}", "\u{7f}"])
    func `a line end or another control character in a value is refused`(_ value: String) async throws {
        guard case .object(let good) = Self.good else { return }
        for (name, member) in good.members where name != "query" {
            guard case .string = member else { continue }
            var changed = good
            changed[name] = .string(value)
            try await ConfigurationCheck.file(JSONValue.object(changed).serialized(pretty: false))
                .expectRefused(.configuration, [name], "\(name)")
        }
    }

    @Test func `a configuration with AWS keys causes a warning if other users may read it`() async throws {
        try await withConfiguration(Self.text) { path in
            for mode in 0o400...0o666 where mode & 0o400 != 0 {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                let warnings = try ConfigurationCheck.configuration { $0.config = path }.warnings
                #expect(
                    warnings.contains { $0.contains("chmod 600") } == (mode & 0o044 != 0), "\(String(mode, radix: 8))")
                #expect(!warnings.contains { $0.contains(Executable.secretAccessKey) })
            }
        }
    }

    @Test func `a configuration of more than a megabyte is not read`() async throws {
        try await withConfiguration([]) { path in
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.truncate(atOffset: 100 << 30)
            ConfigurationCheck { $0.config = path }.expectRefused(.configuration, [path, "larger than 1048576 bytes"])
        }
    }
}
