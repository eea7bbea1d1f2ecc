import ArgumentParser
import BatchExport
import Foundation
import JSON
import Testing
import TestSupport

@testable import Athena
@testable import athena_export

@Suite struct `A configuration with several tables` {
    private static let two: JSONValue = [
        "region_name": "eu-central-1", "output": "out", "primary_key": ["id"], "query_file": "nowhere.sql",
        "batch_rows": .integer(7),
        "tables": [
            ["table": "orders", "query": "SELECT * FROM orders"],
            [
                "table": "items", "query": "SELECT * FROM items", "primary_key": ["order_id", "line"],
                "format": "ndjson", "batch_rows": .integer(9), "work_group": "nightly",
            ],
        ],
    ]

    private static func job(
        _ configuration: JSONValue = two, _ options: [String] = []
    ) async throws -> JobConfiguration {
        try await withConfiguration(configuration.serialized(pretty: true)) { path in
            let options = try RunOptions.parse(["--config", path] + options)
            return try JobConfiguration(options, file: try ConfigurationFile(options), workers: 1)
        }
    }

    @Test func `a configuration with tables is the export of each, with the keys beside tables as defaults`()
        async throws
    {
        let job = try await Self.job()
        #expect(job.isOfSeveral)
        #expect(job.tables.map(\.directory.table) == ["orders", "items"])
        #expect(job.tables.map(\.export.export.primaryKey) == [["id"], ["order_id", "line"]])
        #expect(job.tables.map(\.export.export.limits.rows) == [7, 9])
        #expect(job.tables.map(\.export.export.format) == [.csv, .ndjson])
        #expect(
            job.tables.map { $0.export.query.started?.statement } == ["SELECT * FROM orders", "SELECT * FROM items"])
        #expect(job.tables.map { $0.export.query.started?.workGroup } == [nil, "nightly"])
        #expect(job.parallel == 4)
        #expect(job.warnings.isEmpty)
    }

    @Test func `options for all tables beat the keys of each`() async throws {
        let job = try await Self.job(Self.two, ["--format", "csv", "--parallel", "2", "--database", "sales"])
        #expect(job.tables.allSatisfy { $0.export.export.format == .csv })
        #expect(job.tables.allSatisfy { $0.export.query.started?.database == "sales" })
        #expect(job.parallel == 2)
    }

    @Test func `--only chooses tables, which stay in the order of the file`() async throws {
        let job = try await Self.job(Self.two, ["--only", "items", "--only", "orders", "--only", "items"])
        #expect(job.tables.map(\.directory.table) == ["orders", "items"])
        #expect(try await Self.job(Self.two, ["--only", "items"]).tables.map(\.directory.table) == ["items"])
    }

    @Test func `--query-execution-id goes with one chosen table`() async throws {
        let job = try await Self.job(Self.two, ["--only", "items", "--query-execution-id", "id-1"])
        #expect(job.tables[0].export.query == .attach("id-1"))
    }

    @Test(arguments: [
        ["--query", "SELECT 2"], ["--key", "k"], ["--table", "t"], ["--changes-only", "--max-deletes", "67"],
    ])
    func `an option of one table goes with one chosen table`(_ option: [String]) async throws {
        let job = try await Self.job(Self.two, ["--only", "items"] + option)
        #expect(job.tables.count == 1 && job.isOfSeveral && !job.needsOnly)
    }

    @Test func `an error that advises an option of one table says what several tables need`() {
        let error = ExportError.tooManyDeletes(gone: 2, held: 3, limit: 50, deleted: 0)
        #expect(TableAdvice.completed("\(error)") == "\(error); with several tables give --only TABLE too")
        #expect(TableAdvice.completed("make room") == "make room")
    }

    @Test func `a table without a statement causes a warning`() async throws {
        let job = try await Self.job(["tables": [["table": "orders"]]])
        #expect(job.warnings == ["table orders has no query; SELECT * FROM test_rows is run for it"])
        #expect(job.tables[0].export.export.primaryKey == ["customer_id"])
    }

    @Test(arguments: [
        ("[]", "found an empty array"), ("{}", "found an object"), ("[1]", "tables[0]: expected an array of objects"),
        ("[{}]", "tables[0]: a table has no name"), (#"[{"table":null}]"#, "tables[0]: a table has no name"),
        (#"[{"table":1}]"#, "tables[0].table: expected a string"), (#"[{"table":"a/b"}]"#, "cannot name a directory"),
        (#"[{"table":"a"},{"table":"b"},{"table":"a"}]"#, "tables[2].table: the table stands twice"),
        (#"[{"table":"a","region_name":"eu-west-1"}]"#, "tables[0].region_name: the key is the same for all tables"),
        (#"[{"table":"a","aws_access_key_id":"AKID"}]"#, "tables[0].aws_access_key_id: the key is the same for all"),
        (#"[{"table":"a","output":"b"}]"#, "set it beside tables"),
        (#"[{"table":"a","tables":[]}]"#, "set it beside tables"),
        (#"[{"table":"a","primary_keys":["id"]}]"#, "did you mean primary_key?"),
        (#"[{"table":"a","batch_rows":"x"}]"#, "tables[0].batch_rows: expected an integer"),
        (#"[{"table":"a","primary_key":["id",7]}]"#, "tables[0].primary_key[1]: expected a string"),
        (#"[{"table":"a","batch_rows":0}]"#, "batch_rows: 0 is not from 1"),
        (#"[{"table":"a","query":"SELECT 1","query_file":"b"}]"#, "given with query as well"),
        (#"[{"table":"a","query":"<QUERY>"}]"#, "placeholder"),
    ])
    func `tables that cannot be are refused by the key and its place`(_ tables: String, _ words: String) async throws {
        let text = "{\n\"tables\": \(tables)}"
        try await ConfigurationCheck.file(text.utf8).expectRefused(
            .configuration, [words, "configuration.json: line 2"])
    }

    @Test func `one error lists the mistakes of all tables`() async throws {
        let text = #"{"tables":[{"table":"a","batch_rows":0},{"table":"b","compression_level":10}]}"#
        try await ConfigurationCheck.file(text.utf8).expectRefused(
            .configuration, ["2 mistakes", "batch_rows", "compression"])
        let unknown = #"{"tables":[{"table":"a","batch_row":0},{"tabel":"b"}],"table":"c"}"#
        try await ConfigurationCheck.file(unknown.utf8).expectRefused(
            .configuration, ["4 mistakes", "batch_rows", "did you mean table?", "has no name", "remove this one"])
    }

    @Test(arguments: [
        ["--query", "SELECT 1"], ["--query-file", "q.sql"], ["--parameter", "1"], ["--cursor-column", "c"],
        ["--cursor-start", "0"], ["--table", "t"], ["--key", "k"], ["--query-execution-id", "id"],
        ["--replay", "fixtures"], ["--record", "fixtures"],
    ])
    func `an option that is of one table is refused beside tables`(_ option: [String]) async throws {
        try await withConfiguration(Self.two.serialized(pretty: false)) { path in
            ConfigurationCheck(["--config", path] + option).expectRefused(.usage, [option[0], "is of one table"])
        }
    }

    @Test(arguments: [("item", "did you mean items?"), ("customers", "none of the tables"), ("", "none of the tables")])
    func `--only is refused for a name that no table has`(_ name: String, _ words: String) async throws {
        try await withConfiguration(Self.two.serialized(pretty: false)) { path in
            ConfigurationCheck(["--config", path, "--only", name]).expectRefused(.usage, ["--only", words])
        }
    }

    @Test func `--only is refused without tables`() {
        ConfigurationCheck(["--only", "customers"]).expectRefused(.usage, ["--only", "no tables"])
    }
}
