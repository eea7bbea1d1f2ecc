import Foundation
import JSON
import Testing
import TestSupport

/// moto is an independent implementation of Athena's protocol; boto3 reads what it holds.
@Suite(.limitedConcurrency, .enabled(if: TestMachine.python != nil, "needs moto and boto3: run Tests/setup"))
struct `Against moto's server` {
    private static let values: [[String?]] = [
        ["1", "Ada", "Lovelace", "ada@example.com"], ["2", nil, "", "a,b"], ["3", "say \"hi\"", "line\nbreak", "\r\n"],
        ["014", "山田", "😀 e\u{301}", "\u{2028}"], ["5", "\\.", "\\N", "NULL"], ["6", " blank ", "=1+1", "ends\\"],
    ]

    private static var result: JSONValue { [single] }

    private static var single: JSONValue {
        let names = FakeResult.customerColumns.map { Optional($0.name) }
        return [
            "rows": .array(
                ([names] + values).map { row in
                    ["Data": .array(row.map { value in value.map { ["VarCharValue": .string($0)] } ?? [:] })]
                }),
            "column_info": .array(
                FakeResult.customerColumns.map { column -> JSONValue in
                    [
                        "CatalogName": "hive", "Name": .string(column.name), "Label": .string(column.name),
                        "Type": .string(column.type), "Precision": .integer(2_147_483_647), "Scale": .integer(0),
                        "Nullable": "UNKNOWN", "CaseSensitive": .bool(true), "SchemaName": "", "TableName": "",
                    ]
                }),
        ]
    }

    @Test(arguments: ["csv", "ndjson"])
    func `every cell is what boto3 reads from the same server`(_ format: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await MotoPeer.serve(directory) { address in
                let queued = "\(directory)/result.json"
                try Data(Self.result.serialized(pretty: false)).write(to: URL(fileURLWithPath: queued))
                _ = try await MotoPeer.run("queue", address, queued)

                let outcome = try await Executable.run([
                    "--endpoint-url", address, "--output", directory, "--format", format, "--staging-dir",
                    "s3://bucket/prefix/",
                ])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let table = try ExportedTable("\(directory)/customers")
                let id = try table.state.member("query_execution_id").string()
                let expected = try JSONField(
                    JSONValue(parsing: Array(try await MotoPeer.run("read", address, id).utf8))
                )
                .elements()
                .map { try $0.elements().map { $0.value == .null ? nil : try $0.string() } }
                #expect(expected == Self.values)
                let content = try await table.contents().joined()
                #expect(
                    try format == "csv"
                        ? CSVReader.rows(content).dropFirst().map { $0 } == expected : Self.rows(content) == expected)
            }
        }
    }

    @Test func `init, check and run lead from nothing to the files of two tables`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await MotoPeer.serve(directory) { address in
                // Two for the columns, two for the rows.
                let results = JSONValue.array(Array(repeating: Self.single, count: 4))
                try Data(results.serialized(pretty: false)).write(to: URL(fileURLWithPath: "\(directory)/result.json"))
                _ = try await MotoPeer.run("queue", address, "\(directory)/result.json")
                let options = ["--key", "customer_id", "--staging-dir", "s3://bucket/prefix/"]
                let begun = try await Executable.run(
                    ["init", "--table", "first", "--table", "second"] + options, directory: directory)
                #expect(begun.status == 0, "\(begun.errors)")
                let common = ["--config", "athena-export.json", "--endpoint-url", address]
                let checked = try await Executable.run(["check"] + common, directory: directory)
                #expect(checked.status == 0, "\(checked.output)")
                #expect(!checked.output.contains("failed"), "\(checked.output)")
                #expect(checked.output.contains("ok      credentials: environment: arn:aws:"))
                #expect(checked.output.contains("customer_id  varchar        STRING  1"))
                let exported = try await Executable.run(["run"] + common, directory: directory)
                #expect(exported.status == 0, "\(exported.errors)")
                #expect(exported.output.contains("second: exported 6 rows in 1 batch"))
            }
        }
    }

    @Test func `a role is taken at moto's STS`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await MotoPeer.serve(directory) { address in
                let queued = "\(directory)/result.json"
                try Data(Self.result.serialized(pretty: false)).write(to: URL(fileURLWithPath: queued))
                _ = try await MotoPeer.run("queue", address, queued)
                let config = """
                    [profile nightly]
                    role_arn = arn:aws:iam::123456789012:role/Reader
                    source_profile = base
                    external_id = 1/2 =&
                    [profile base]
                    aws_access_key_id = \(Executable.accessKeyID)
                    aws_secret_access_key = \(Executable.secretAccessKey)
                    """
                try Data(config.utf8).write(to: URL(fileURLWithPath: "\(directory)/config"))

                let outcome = try await Executable.run(
                    [
                        "--endpoint-url", address, "--output", "\(directory)/export", "--profile", "nightly",
                        "--staging-dir",
                        "s3://bucket/prefix/",
                    ], environment: Executable.environment(["AWS_CONFIG_FILE": "\(directory)/config"]))
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.errors.contains("assumed role (profile"))
                #expect(!outcome.errors.contains("CANARY"))
            }
        }
    }

    @Test func `the result object is read from moto's S3 as boto3 has put it there`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await MotoPeer.serve(directory) { address in
                // Long enough for several ranges.
                var result = FakeResult(rowCount: 60_000)
                result.row = { number in Self.values[number % Self.values.count].map { $0.map { "\(number) \($0)" } } }
                try Data(Self.result.serialized(pretty: false)).write(
                    to: URL(fileURLWithPath: "\(directory)/result.json"))
                _ = try await MotoPeer.run("queue", address, "\(directory)/result.json")
                let arguments = ["--endpoint-url", address, "--output", directory]
                let first = try await Executable.run(
                    arguments + ["--table", "first", "--staging-dir", "s3://result-bucket/some/prefix/"])
                #expect(first.status == 0, "\(first.errors)")
                let id = try ExportedTable("\(directory)/first").state.member("query_execution_id").string()
                try Data(result.csv).write(to: URL(fileURLWithPath: "\(directory)/result.csv"))
                _ = try await MotoPeer.run("put", address, id, "\(directory)/result.csv")

                let outcome = try await Executable.run(
                    arguments + ["--query-execution-id", id, "--source", "s3", "--summary", "json"])
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.output.contains(#""source":"s3""#))
                let content = try await ExportedTable("\(directory)/customers").contents().joined()
                #expect(CSVReader.rows(content).dropFirst().map { $0 } == (0..<60_000).map(result.row))
            }
        }
    }

    private static func rows(_ ndjson: String) throws -> [[String?]] {
        try ndjson.split(separator: "\n").map { line in
            let object = JSONField(try JSONValue(parsing: Array(line.utf8)))
            return try FakeResult.customerColumns.map { try object.optionalMember($0.name)?.string() }
        }
    }
}

/// Reads RFC 4180 text, with NULL for a bare empty field. Written independently of the encoder.
enum CSVReader {
    static func rows(_ text: String) -> [[String?]] {
        var rows: [[String?]] = []
        var row: [String?] = []
        var field = ""
        var isQuoted = false
        var wasQuoted = false
        var bytes = Array(text.unicodeScalars)[...]
        while let scalar = bytes.popFirst() {
            switch (scalar, isQuoted) {
            case ("\"", true) where bytes.first == "\"":
                field.unicodeScalars.append(bytes.removeFirst())
            case ("\"", _):
                isQuoted.toggle()
                wasQuoted = true
            case (",", false), ("\n", false):
                row.append(field.isEmpty && !wasQuoted ? nil : field)
                field = ""
                wasQuoted = false
                if scalar == "\n" {
                    rows.append(row)
                    row = []
                }
            default: field.unicodeScalars.append(scalar)
            }
        }
        return rows
    }
}
