import Foundation
import JSON
import Testing
import TestSupport

/// The refusals of `loader`, none of which needs a database.
@Suite(.limitedConcurrency) struct `Loaders that cannot be printed` {
    /// A new export of the recorded customers.
    private func withExport(_ body: (String) async throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(["--replay", customers, "--output", directory])
            #expect(outcome.status == 0)
            try await body("\(directory)/customers")
        }
    }

    private func expectRefused(
        _ arguments: [String], _ status: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await Executable.run(["loader"] + arguments)
        #expect(outcome.status == status, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.errors.hasPrefix("athena-export: error: "), sourceLocation: sourceLocation)
        for word in words {
            #expect(outcome.errors.contains(word), "\(word) in \(outcome.errors)", sourceLocation: sourceLocation)
        }
    }

    @Test(
        arguments: [
            (["oracle", "DIR"], ["oracle", "postgres"]), (["postgres"], ["<dir>"]),
            (["postgres", "DIR", "--after", "-1"], ["--after"]), (["postgres", "DIR", "--after", "x"], ["--after"]),
            (["postgres", "DIR", "--table", ""], ["--table", "empty"]),
            (["postgres", "DIR", "--schema", ""], ["--schema", "empty"]),
            (["sqlite", "DIR", "--schema", "s"], ["--schema", "sqlite"]),
            (["redshift", "DIR"], ["--url-prefix", "s3://"]), (["snowflake", "DIR"], ["--url-prefix", "gs://"]),
            (["bigquery", "DIR"], ["--url-prefix", "gs://"]),
            (["bigquery", "DIR", "--url-prefix", "s3://bucket"], ["--url-prefix", "gs://"]),
            (["redshift", "DIR", "--url-prefix", "s3://"], ["--url-prefix", "bucket"]),
            (["redshift", "DIR", "--url-prefix", "s3://Bu'cket/x"], ["--url-prefix"]),
            (["redshift", "DIR", "--url-prefix", "s3://bucket/a b"], ["--url-prefix"]),
            (["redshift", "DIR", "--url-prefix", "s3://bucket/*"], ["--url-prefix"]),
            (["redshift", "DIR", "--url-prefix", "https://b/x"], ["--url-prefix"]),
            (["postgres", "DIR", "--url-prefix", "s3://bucket"], ["--url-prefix", "local files"]),
            (["postgres", "DIR", "--redshift-manifest", "1"], ["--redshift-manifest"]),
            (
                ["redshift", "DIR", "--url-prefix", "s3://bucket", "--redshift-manifest", "9"],
                ["--redshift-manifest", "9"]
            ),
        ] as [([String], [String])])
    func `an impossible argument is refused by its name`(_ arguments: [String], _ words: [String]) async throws {
        try await withExport { table in
            try await expectRefused(arguments.map { $0 == "DIR" ? table : $0 }, 64, words)
        }
    }

    @Test func `a directory that is missing, or holds no export, is named`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await expectRefused(["postgres", "\(directory)/missing"], 66, ["missing", "check the path"])
            try await expectRefused(["postgres", directory], 66, ["manifest.json"])
        }
    }

    @Test(
        arguments: [
            (#""version": 1"#, #""version": 3"#, ["version", "newer athena-export"]),
            (#""table": "customers""#, #""table": "orders""#, ["path", "orders"]),
            (#"data/batch=000001/customers-000001.csv.gz"#, "/etc/passwd", ["path"]),
            (#"data/batch=000001/customers-000001.csv.gz"#, "data/../../x'; DROP TABLE x; --", ["path"]),
            (#""rows": 42"#, #""rows": -1"#, ["rows"]),
            (#""sha256": ""#, #""sha256": "'); DROP TABLE x; --"#, ["sha256", "hexadecimal"]),
            (#""name": "email""#, #""name": "EMAIL\u0000""#, ["U+0000"]),
            (#""name": "email""#, #""name": "First_Name""#, ["first_name", "First_Name"]),
            (#""name": "customer_id""#, #""name": "other""#, ["customer_id, which is not among", "restore"]),
            (#""customer_id"\#n  ]"#, #""customer_id", "customer_id"]"#, ["customer_id twice in the key", "restore"]),
            (#""name": "email""#, #""name": "Batch""#, ["Batch", "restore"]),
            (#""type": "STRING""#, #""type": "STRING); DROP TABLE x; --""#, ["type"]),
        ] as [(String, String, [String])])
    func `a manifest that no run has written is refused whole`(
        _ old: String, _ new: String, _ words: [String]
    ) async throws {
        try await withExport { table in
            let file = URL(fileURLWithPath: "\(table)/manifest.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains(old))
            try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
            for kind in ["postgres", "duckdb", "sqlite", "datapackage"] {
                try await expectRefused([kind, table], 65, words)
            }
        }
    }

    @Test func `a table of a name that no run takes is refused`() async throws {
        try await withExport { table in
            let parent = URL(fileURLWithPath: table).deletingLastPathComponent().path
            let hostile = "x'; id; echo '"
            try FileManager.default.moveItem(atPath: table, toPath: "\(parent)/\(hostile)")
            let file = URL(fileURLWithPath: "\(parent)/\(hostile)/manifest.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(
                text.replacingOccurrences(of: "\"customers\"", with: "\"\(hostile)\"")
                    .replacingOccurrences(of: "customers-000001", with: "\(hostile)-000001").utf8
            ).write(to: file)
            try await expectRefused(["sqlite", "\(parent)/\(hostile)"], 65, ["the name of a table"])
        }
    }

    @Test func `names that a target cannot have are refused before anything is printed`() async throws {
        try await withExport { table in
            let long = String(repeating: "x", count: 64)
            try await expectRefused(["postgres", table, "--table", long], 65, [long, "63 bytes"])
            for (kind, name) in [
                ("duckdb", "Athena_Export_Loads"), ("postgres", "athena_export_stage"),
                ("sqlite", "ATHENA_EXPORT_CHECK"),
            ] { try await expectRefused([kind, table, "--table", name], 65, [name, "--table"]) }
            let file = URL(fileURLWithPath: "\(table)/manifest.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(text.replacingOccurrences(of: "\"email\"", with: "\"e.mail\"").utf8).write(to: file)
            try await expectRefused(["bigquery", table, "--url-prefix", "gs://bucket/x"], 65, ["BigQuery", "e.mail"])
        }
    }

    @Test(arguments: ["duckdb", "sqlite"])
    func `a name with CR LF, which a command line changes, is refused before anything is printed`(
        _ kind: String
    ) async throws {
        try await withExport { table in
            try await expectRefused([kind, table, "--table", "a\r\nb"], 65, ["CR LF", "--table"])
            let file = URL(fileURLWithPath: "\(table)/manifest.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(text.replacingOccurrences(of: "\"email\"", with: #""e\r\nmail""#).utf8).write(to: file)
            try await expectRefused([kind, table], 65, ["CR LF", "with AS in the query"])
            try Data(text.replacingOccurrences(of: "\"email\"", with: #""e\rmail\n""#).utf8).write(to: file)
            _ = try await loader(kind, table)
        }
    }

    @Test func `a reader of the script that closes it early is an error`() async throws {
        try await withExport { table in
            let outcome = try await Executable.run(
                "/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/full", Executable.path, "loader", "postgres", table],
                environment: Executable.environment())
            #expect(outcome.status == 74 && outcome.errors.contains("standard output"))
        }
    }

    @Test func `the working directory may be given as a dot`() async throws {
        try await withExport { table in
            let outcome = try await Executable.run(["loader", "duckdb", "."], directory: table)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try await loader("duckdb", table) == outcome.output)
        }
    }

    @Test func `help lists the kinds of loaders`() async throws {
        let outcome = try await Executable.run(["loader", "--help"])
        #expect(outcome.status == 0)
        for word in ["postgres", "datapackage", "--after", "--url-prefix", "--table", "--schema"] {
            #expect(outcome.output.contains(word))
        }
    }
}
