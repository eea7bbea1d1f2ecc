import Foundation
import JSON
import Testing
import TestSupport

/// Targets that tests cannot reach: their scripts, as far as they can be checked here.
@Suite(.limitedConcurrency, LoaderSuiteTrait(startsPostgres: false))
struct `Loaders for warehouses` {
    private static let table = "a\"b'c\\d`e"

    private func text(
        _ kind: String, _ format: String = "csv", _ options: [String] = [], check: (String) throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let table = try await goldenTable(format, runs: 1, in: directory)
            try check(try await loader(kind, table, options))
        }
    }

    @Test(arguments: ["csv", "ndjson"])
    func `redshift.manifest names one file in full and makes it mandatory`(_ format: String) async throws {
        let options = ["--url-prefix", "s3://bucket/golden/", "--redshift-manifest", "2"]
        try await text("redshift", format, options) { text in
            let entries = try JSONField(try JSONValue(parsing: Array(text.utf8))).member("entries").elements()
            #expect(entries.count == 1)
            #expect(try entries[0].member("mandatory").bool())
            #expect(
                try entries[0].member("url").string()
                    == "s3://bucket/golden/data/batch=000002/golden-000002.\(format).gz")
        }
    }

    @Test func `each batch of Redshift is a call with its own manifest`() async throws {
        try await text("redshift", "csv", ["--url-prefix", "s3://bucket/golden", "--table", Self.table]) { text in
            let calls = text.split(separator: "\n").filter { $0.hasPrefix("CALL ") }
            #expect(calls.count == 3)
            #expect(calls[0].hasPrefix(#"CALL "athena_export_load_a""b'c\d`e"(0, 1, "#))
            #expect(calls[1].hasPrefix(#"CALL "athena_export_load_a""b'c\d`e"(1, 2, "#))
            #expect(calls[1].contains("'s3://bucket/golden/redshift/golden-000002.csv.gz.manifest', "))
            #expect(text.contains(#"CREATE TABLE IF NOT EXISTS "a""b'c\d`e" ("#))
            #expect(text.contains(#"WHERE target = 'a"b''c\\d`e'"#))
            #expect(text.contains("\"\u{feff}id\"\"; DROP TABLE x; --\" VARCHAR(65535) NOT NULL"))
            // The body's own marks end it nowhere else: a column is called $athena_export$ $$.
            #expect(text.components(separatedBy: "$athena_export_$").count == 3)
            #expect(text.contains("\"[exact]\" DECIMAL(38, 10)"))
        }
    }

    @Test func `Snowflake gets a block a batch, and no end of it is found inside`() async throws {
        try await text("snowflake", "csv", ["--url-prefix", "gs://bucket/golden", "--table", Self.table]) { text in
            #expect(text.contains("URL = 'gcs://bucket/golden/'"))
            #expect(text.contains("ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = TRUE"))
            // A column is called $athena_export$ $$, so the blocks are texts instead.
            #expect(text.components(separatedBy: "EXECUTE IMMEDIATE '").count == 4)
            #expect(!text.contains("EXECUTE IMMEDIATE $$"))
        }
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
            _ = try await Executable.run(["--replay", fixture, "--output", directory])
            let text = try await loader(
                "snowflake", "\(directory)/customers", ["--url-prefix", "s3://bucket/customers"])
            #expect(text.components(separatedBy: "EXECUTE IMMEDIATE $$").count == 2)
            #expect(text.contains("FILES = ('data/batch=000001/customers-000001.csv.gz')"))
        }
    }

    /// The scripts for customers whose key, or whose email, has another type.
    private func script(
        _ kind: String, _ format: String, url: String, key: (String, String)? = nil, email: (String, String)? = nil
    ) async throws -> String {
        var text = ""
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
            _ = try await Executable.run(["--replay", fixture, "--output", directory, "--format", format])
            let path = "\(directory)/customers/manifest.json"
            var manifest = try String(contentsOfFile: path, encoding: .utf8)
            for (name, type) in [("customer_id", key), ("email", email)] {
                guard let type else { continue }
                let changed = manifest.replacing(
                    try Regex(#""name": "\#(name)",\s+"athena_type": "varchar",\s+"type": "STRING""#),
                    with: #""name": "\#(name)", "athena_type": "\#(type.0)", "type": "\#(type.1)""#)
                try #require(changed != manifest)
                manifest = changed
            }
            try manifest.write(toFile: path, atomically: true, encoding: .utf8)
            text = try await loader(kind, "\(directory)/customers", ["--url-prefix", url])
        }
        return text
    }

    @Test func `a binary key of Redshift is compared as the table has it`() async throws {
        let text = try await script("redshift", "csv", url: "s3://bucket/x", key: ("varbinary", "BINARY"))
        #expect(
            text.contains(#""customers"."customer_id" = FROM_HEX(REPLACE(athena_export_stage."customer_id", ' ', ''))"#)
        )
        #expect(!text.contains(#"= athena_export_stage."#))
    }

    @Test func `the null of JSON is NULL in Snowflake`() async throws {
        let text = try await script("snowflake", "ndjson", url: "s3://bucket/x", email: ("json", "JSON"))
        #expect(text.contains(#"STRIP_NULL_VALUE(GET(line, 'email')) AS "email""#))
    }

    @Test func `an offset of a time zone is read by BigQuery without the blank before it`() async throws {
        for format in ["csv", "ndjson"] {
            let text = try await script(
                "bigquery", format, url: "gs://bucket/x", email: ("timestamp with time zone", "UTC_DATETIME"))
            #expect(
                text.contains(#"CAST(REGEXP_REPLACE(`email`, r' ([+-]\d\d:\d\d)$', r'\1') AS TIMESTAMP) AS `email`"#))
        }
    }

    @Test(arguments: [
        ("varbinary", "BINARY", false), ("double", "DOUBLE", false), ("real", "FLOAT", false), ("bigint", "LONG", true),
        ("date", "NAIVE_DATE", true), ("varchar", "STRING", true),
    ])
    func `a key of BigQuery is declared only if its type may be one`(_ athena: String, _ type: String, _ isKey: Bool)
        async throws
    {
        let key = type == "STRING" ? nil : (athena, type)
        let text = try await script("bigquery", "csv", url: "gs://bucket/x", key: key)
        #expect(text.contains("PRIMARY KEY (`customer_id`) NOT ENFORCED") == isKey)
        #expect(text.contains("ON t.`customer_id` = s.`customer_id`"))
    }

    @Test(arguments: [("s3://bucket/x", "TYPE s3, PROVIDER credential_chain"), ("gs://bucket/x", "TYPE gcs, KEY_ID")])
    func `the secret that DuckDB needs is that of the place`(_ url: String, _ secret: String) async throws {
        #expect(try await script("duckdb", "csv", url: url).contains("CREATE SECRET (\(secret)"))
    }

    @Test func `BigQuery asserts the count before it merges`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
            _ = try await Executable.run(["--replay", fixture, "--output", directory])
            let options = ["--url-prefix", "gs://bucket/x", "--schema", "data set", "--table", Self.table]
            let text = try await loader("bigquery", "\(directory)/customers", options)
            #expect(text.contains(#"CREATE TABLE IF NOT EXISTS `data set`.`a"b'c\\d\`e` ("#))
            #expect(text.contains(#"WHERE target = 'data set.a"b\'c\\d`e'"#))
            let assertion = try #require(text.range(of: "ASSERT (SELECT COUNT(*) FROM athena_export_stage) = 42"))
            let merge = try #require(text.range(of: "MERGE `data set`"))
            #expect(assertion.upperBound < merge.lowerBound)
        }
    }

    @Test(
        .enabled(if: DuckDBTarget.program != nil, "needs frictionless: run Tests/setup"), arguments: ["csv", "ndjson"])
    func `datapackage.json is valid, and so is the data that it describes`(_ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let fixture = TestMachine.root.appendingPathComponent("fixtures/customers").path
            _ = try await Executable.run([
                "--replay", fixture, "--output", directory, "--batch-rows", "20", "--format", format,
            ])
            let golden = try await goldenTable(format, runs: 1, in: "\(directory)/golden")
            for table in ["\(directory)/customers", golden] {
                let rows = try ExportedTable(table).manifest.member("totals").member("rows").integer()
                let text = try await loader("datapackage", table)
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(table)/datapackage.json"))
                let outcome = try await Executable.run(
                    try #require(TestMachine.python), ["-c", Self.validation], environment: Executable.environment(),
                    directory: table)
                #expect(outcome.status == 0 && outcome.output == "3 \(rows)\n", "\(outcome.errors)\(outcome.output)")
                // The standard has the digests, so its validator finds a replaced file.
                let batch = "\(table)/data/batch=000002"
                let name = try FileManager.default.contentsOfDirectory(atPath: batch)[0]
                try Data("x".utf8).write(to: URL(fileURLWithPath: "\(batch)/\(name)"))
                let damaged = try await Executable.run(
                    try #require(TestMachine.python), ["-c", Self.validation], environment: Executable.environment(),
                    directory: table)
                #expect(damaged.status != 0)
            }
        }
    }

    private static let validation = """
        import frictionless
        report = frictionless.Package('datapackage.json').validate()
        assert report.valid, report.flatten(['name', 'rowNumber', 'fieldName', 'type', 'message'])[:3]
        print(len(report.tasks), sum(task.stats['rows'] for task in report.tasks))
        """
}
