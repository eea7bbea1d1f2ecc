import ArgumentParser
import Foundation
import Testing
import TestSupport

@testable import athena_export

@Suite(.limitedConcurrency) struct `Messages about a configuration file` {
    @Test(arguments: [
        ("database", "database_name"), ("region", "region_name"), ("key", "primary_key"), ("keys", "primary_key"),
        ("staging_dir", "s3_staging_dir"), ("profile", "profile_name"), ("catalog", "catalog_name"),
        ("parameter", "parameters"), ("aws_acces_key_id", "aws_access_key_id"), ("tabel", "table"),
        ("Batch_Rows", "batch_rows"), ("batch-rows", "batch_rows"), ("query-timeout", "query_timeout"),
        ("workgroup", "work_group"), ("schema_name", "database_name"), ("fromat", "format"),
    ])
    func `a misspelt key is reported with the key that was meant`(_ key: String, _ meant: String) async throws {
        try await ConfigurationCheck.file("{\"\(key)\": 1}".utf8)
            .expectRefused(.configuration, ["line 1, column 2: \(key): ", "did you mean \(meant)?"])
    }

    @Test(arguments: ["config", "restart", "run_id", "only", "record", "replay", "query-execution-id"])
    func `a key that belongs to one run leads to its option`(_ key: String) async throws {
        let option = "--" + key.replacingOccurrences(of: "_", with: "-")
        try await ConfigurationCheck.file("{\"\(key)\": \"x\"}".utf8).expectRefused(
            .configuration, [key, "\(option) belongs"])
    }

    @Test func `a key like no other leads to the list of options`() async throws {
        try await ConfigurationCheck.file(#"{"colour": "red"}"#.utf8)
            .expectRefused(.configuration, ["colour: there is no such key", "athena-export run --help"])
    }

    @Test(arguments: [
        ("{\n  \"batch_rows\": 0\n}", 2, 17), ("{\r\n\t\"batch_rows\":\r\n\t0\r\n}", 3, 2),
        ("{\"database_name\": \"größe日本\", \"batch_rows\": 0}", 1, 44), ("\u{feff}{\"batch_rows\": 0}", 1, 16),
        ("{\"primary_key\": [\n\"a\",\n5]}", 3, 1), ("{\"parameters\": [{\"a\": [1]}]}", 1, 17),
        ("{\"table\": \"a\", \"\\u0074abl\": 1}", 1, 16),
    ])
    func `a mistake is reported with its line and column`(_ text: String, _ line: Int, _ column: Int) async throws {
        try await ConfigurationCheck.file(text.utf8)
            .expectRefused(.configuration, ["configuration.json: line \(line), column \(column): "])
    }

    @Test func `a mistake is reported together with all others, in their order`() async throws {
        let text = """
            {
              "database": "x", "batch_rows": 0,
              "format": "cvs",
              "aws_access_key_id": "…", "aws_secret_access_key": "…",
              "jobs": "2", "query_timeout": "10", "work_group": "a b", "summary": "jason", "endpoint_url": "ftp://h/",
              "metrics_file": "/nonexistent/x", "query": "SELECT ?", "table": "t", "primary_key": ["k"]
            }
            """
        let said = try await ConfigurationCheck.file(text.utf8)
        guard case .refused(.configuration, let message) = said else {
            Issue.record("\(said)")
            return
        }
        let keys = [
            "database", "batch_rows", "format", "aws_access_key_id", "aws_secret_access_key", "jobs", "query_timeout",
            "work_group", "summary", "endpoint_url",
        ]
        let places = keys.compactMap { message.range(of: ": \($0): ")?.lowerBound }
        #expect(places.count == keys.count && places == places.sorted(), "\(message)")
        #expect(message.contains("configuration.json: 12 mistakes: (1) line 2, column 3: database: "), "\(message)")
        #expect(message.contains("(10) ") && message.hasSuffix(" and 2 more"), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test func `a mistake is reported once where two rules find it, and beside those of the command line`() async throws
    {
        try await withConfiguration(#"{"aws_access_key_id": "…", "aws_secret_access_key": "x"}"#.utf8) { path in
            guard
                case .refused(.usage, let message) = ConfigurationCheck([
                    "--config", path, "--jobs", "0", "-o", "s3://b",
                ])
            else {
                Issue.record("it is not refused")
                return
            }
            #expect(message.hasPrefix("3 mistakes: (1) --jobs: "), "\(message)")
            #expect(message.contains("(2) --output: ") && message.contains("(3) \(path): line 1, column 23: "))
        }
    }

    @Test(arguments: [
        "<YOUR_REGION_NAME>", "…", "...", "<…>", "s3://<YOUR_BUCKET>/prefix/", "s3://…/", "<YOUR DATABASE>",
    ])
    func `a placeholder is reported as one`(_ value: String) async throws {
        for key in ConfigurationKey.allCases where key.kind == .text && !(key.isFreeText || key == .cursorStart) {
            try await ConfigurationCheck.file("{\"\(key.rawValue)\": \"\(value)\"}".utf8)
                .expectRefused(.configuration, [key.rawValue, "placeholder"], "\(key)")
        }
        try await ConfigurationCheck.file("{\"primary_key\": [\"\(value)\"]}".utf8)
            .expectRefused(.configuration, ["primary_key", "placeholder"])
    }

    @Test func `a comparison in a statement is no placeholder`() async throws {
        let text = #"{"query": "SELECT 1 WHERE 1 < 2 AND 3 > 2 -- …", "table": "t", "primary_key": ["k"]}"#
        #expect(try await ConfigurationCheck.file(text.utf8) == .accepted)
    }

    @Test(arguments: [
        ("{\"table\": \"a\",\n}", 1, 14, "trailing comma"), ("{\"primary_key\": [\"a\",]}", 1, 21, "trailing comma"),
        ("table: orders\nkey: id\n", 1, 1, "this is YAML"), ("---\ntable: orders\n", 1, 1, "this is YAML"),
        ("table = \"orders\"\n", 1, 1, "TOML or INI"), ("{'table': 'a'}", 1, 2, "single quotes"),
        ("{table: \"a\"}", 1, 2, "without quotes"), ("// x\n{}", 1, 1, "no comments"),
        ("{\n  # x\n}", 2, 3, "no comments"), ("{\"a\": 1, /* x */ \"b\": 2}", 1, 10, "no comments"),
        ("{\"table\": \"a\"\n \"format\": \"csv\"}", 2, 2, "a comma is missing"), (" \n", 2, 1, "is empty"),
        ("{\"table\" \"a\"}", 1, 10, "expected :"), ("{\"table\": \"a\"", 1, 14, "the end of the text"),
    ])
    func `broken JSON is reported in words and with its place`(
        _ text: String, _ line: Int, _ column: Int, _ words: String
    ) async throws {
        try await ConfigurationCheck.file(text.utf8)
            .expectRefused(.configuration, ["configuration.json: line \(line), column \(column): ", words])
    }

    @Test func `a file in UTF-16 is reported as such`() async throws {
        for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian] {
            try await ConfigurationCheck.file(try #require("{}".data(using: encoding)))
                .expectRefused(.configuration, ["UTF-16", "save it as UTF-8"])
        }
    }
}

@Suite struct `Keys of the options of run` {
    /// Options that belong to one run or one machine, or are no setting.
    private static let withoutKey: Set<String> = [
        "--config", "--restart", "--run-id", "--only", "--record", "--replay", "--query-execution-id", "--version",
        "--help",
    ]

    @Test func `every option has its key in the configuration file`() {
        let help = AthenaExportCommand.helpMessage(for: RunCommand.self)
        let options = Set(
            help.matches(of: /^ +(?:-[a-z], )?(--[a-z-]+)/.anchorsMatchLineEndings()).map { String($0.1) })
        #expect(options.count > 30)
        let keyed = Set(ConfigurationKey.allCases.compactMap(\.option))
        #expect(options.subtracting(Self.withoutKey) == keyed)
    }

    @Test func `every key has its option's name, unless the connector calls it otherwise`() {
        let connector: Set<ConfigurationKey> = [
            .region, .database, .stagingDir, .profile, .catalog, .parameters, .primaryKey,
        ]
        for key in ConfigurationKey.allCases where !connector.contains(key) {
            guard let option = key.option else { continue }
            #expect(key.rawValue == option.dropFirst(2).map { $0 == "-" ? "_" : String($0) }.joined())
        }
    }
}
