import Foundation
import Testing
import TestSupport

/// A table with every value that a loader could get wrong, exported in three runs of three batches, and the expected
/// rows in a database.
struct GoldenTable: Sendable {
    enum Kind: Sendable {
        case text, boolean, integer, float, double, decimal, date, timestamp, zoned, binary, json
    }

    struct Column: Sendable {
        let name: String
        let type: String
        let kind: Kind
    }

    static let columns: [Column] = [
        Column(name: "\u{feff}id\"; DROP TABLE x; --", type: "varchar", kind: .text),
        Column(name: "number", type: "bigint", kind: .integer),
        Column(name: #"a 'quoted' \ text"#, type: "varchar", kind: .text),
        Column(name: "line\nSQL\nbreak", type: "varchar", kind: .text),
        Column(name: "$athena_export$ $$", type: "boolean", kind: .boolean),
        Column(name: "tiny", type: "tinyint", kind: .integer),
        Column(name: "small,\ror not", type: "smallint", kind: .integer),
        Column(name: "select", type: "integer", kind: .integer),
        Column(name: "größe", type: "bigint", kind: .integer),
        Column(name: "real:x", type: "float", kind: .float),
        Column(name: "double.y", type: "double", kind: .double),
        Column(name: "[exact]", type: "decimal(38,10)", kind: .decimal),
        Column(name: "day", type: "date", kind: .date),
        Column(name: "at", type: "timestamp", kind: .timestamp),
        Column(name: "zoned", type: "timestamp with time zone", kind: .zoned),
        Column(name: "bytes", type: "varbinary", kind: .binary),
        Column(name: "tree", type: "json", kind: .json),
        Column(name: #"tree "2""#, type: "json", kind: .json),
        Column(name: "list", type: "array", kind: .text),
    ]

    static let key = [columns[0].name, columns[1].name]
    static let runs = 3
    static let rowsOfRun = 250
    static let batchRows = 100
    static let batchesOfRun = 3

    private static let texts: [String?] = [
        nil, "", "NULL", #"\N"#, #"\."#, "a\n\\.\nb", "a\r\n\\.\r\nb", "\u{1}", "x\n\u{1}\\.\ny", "\u{1}\u{1}", "a,b",
        #"say "hi""#, "\r\n", "\r", "\n", " blank ", #"ends\"#, "=1+1", "山田 😀 e\u{301}", "'", "',,'", "   ",
        "\u{feff}x", ",,\n,,\",,",
        "\"", "\"\"", ",", ":x :'y' :\"z\"", "${HOME} `id` $(id)", "$$", "014", "\t", "\u{2028}", "nan", "a\n\nb",
        String(repeating: "long, \"", count: 400),
    ]
    private static let long: [String?] = ["9223372036854775807", "-9223372036854775808", nil, "0", "9007199254740993"]
    private static let integers: [String?] = ["2147483647", "-2147483648", nil, "7"]
    private static let shorts: [String?] = ["32767", "-32768", nil]
    private static let bytes: [String?] = ["127", "-128", "0", nil]
    private static let doubles: [String?] = [
        "0.1", nil, "NaN", "Infinity", "-Infinity", "1.5E300", "1.0E-5", "-0.0", "123456.789",
    ]
    private static let floats: [String?] = ["0.5", "3.4028235E38", "NaN", nil, "1.0E-5"]
    private static let decimals: [String?] = [
        "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999", "0.0000000001", nil,
        "12.3400000000",
    ]
    private static let days: [String?] = ["2024-02-29", "0001-01-01", nil, "9999-12-31"]
    private static let times: [String?] = ["2024-01-02 03:04:05.678", nil, "1969-12-31 23:59:59.999"]
    private static let zoned: [String?] = [
        "2024-01-02 03:04:05.678 America/New_York", nil, "2024-07-02 03:04:05.000 UTC",
        "2024-01-02 03:04:05.678 +05:30",
    ]
    private static let binaries: [String?] = ["00 ff 1a", "", nil, "5c"]
    private static let trees: [String?] = [
        #"{"a":1,"b":[true,null,"x\ny"]}"#, nil, "[]", #""plain""#, "false", #"{"k \"q\"":{}}"#, "7",
    ]

    /// A row as Athena sends it.
    static func row(run: Int, _ index: Int) -> [String?] {
        // Every eleventh row repeats a key of its run, and runs share most of theirs.
        let number = run * 60 + (index % 11 == 5 ? index - 4 : index)
        let salt = number * 31 + run * 7 + index
        func pick(_ values: [String?], _ shift: Int) -> String? { values[(salt + shift) % values.count] }
        let id = texts[number % texts.count].flatMap { $0.utf8.count > 100 ? nil : $0 } ?? "k\(number)"
        return [
            id, "\(number)", pick(texts, 0), pick(texts, 5), pick(["true", "false", nil], 0), pick(bytes, 0),
            pick(shorts, 0), pick(integers, 0), pick(long, 0), pick(floats, 0), pick(doubles, 0), pick(decimals, 0),
            pick(days, 0), pick(times, 0), pick(zoned, 0), pick(binaries, 0), pick(trees, 0), pick(trees, 3),
            pick(["[a, b]", nil, "[]"], 0),
        ]
    }

    /// The rows of a table after the first batches: the last row of every key.
    static func reference(batches: Int = runs * batchesOfRun, after: Int = 0) -> [[String?]: [String?]] {
        var rows: [[String?]: [String?]] = [:]
        for batch in after..<batches {
            let (run, part) = batch.quotientAndRemainder(dividingBy: batchesOfRun)
            for index in (part * batchRows)..<min((part + 1) * batchRows, rowsOfRun) {
                let row = row(run: run, index)
                rows[Array(row[..<2])] = row
            }
        }
        return rows
    }

    /// Exports by the built command into a parent directory.
    fileprivate static func export(_ format: String, runs: Int, into parent: String) async throws {
        for run in 0..<runs {
            var result = FakeResult(columns: columns.map { ($0.name, $0.type) }, rowCount: rowsOfRun) {
                row(run: run, $0)
            }
            result.states = ["SUCCEEDED"]
            let outcome = try await FakeAthena(result: result, isSigned: isSigned).serve { url in
                try await Executable.run(
                    [
                        "--endpoint-url", url, "--output", parent, "--table", "golden", "--batch-rows",
                        "\(batchRows)", "--format", format,
                    ] + key.flatMap { ["--key", $0] })
            }
            guard outcome.status == 0 else { throw LoaderFailure(outcome) }
        }
    }
}

/// Exports of the golden table, each made once and copied for every test that wants it.
actor GoldenExports {
    @TaskLocal static var current: GoldenExports?

    private let directory: String
    private var made: [String: Task<Void, any Error>] = [:]

    init(in directory: String) { self.directory = directory }

    /// A copy in a directory with a name full of special characters.
    ///
    /// - Returns: the table's directory.
    func copy(_ format: String, runs: Int = GoldenTable.runs, into target: String) async throws -> String {
        let original = "\(directory)/\(format)-\(runs)"
        let making = made[original] ?? Task { try await GoldenTable.export(format, runs: runs, into: original) }
        made[original] = making
        try await making.value
        let parent = "\(target)/it's \"a\" [b]*? $(id) `id` \\ :x\nSQL\nline"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "\(original)/golden", toPath: "\(parent)/golden")
        return "\(parent)/golden"
    }
}

/// Gives a suite its exports, and a PostgreSQL server if the machine has PostgreSQL.
struct LoaderSuiteTrait: SuiteTrait, TestScoping {
    var startsPostgres = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try await GoldenExports.$current.withValue(GoldenExports(in: directory)) {
                guard startsPostgres, PostgresServer.programs != nil else { return try await function() }
                try await PostgresServer.serve { server in
                    try await PostgresServer.$current.withValue(server) { try await function() }
                }
            }
        }
    }
}

/// A copy of the golden table's export; its directory.
func goldenTable(_ format: String, runs: Int = GoldenTable.runs, in directory: String) async throws -> String {
    try await #require(GoldenExports.current).copy(format, runs: runs, into: directory)
}

/// A program that failed.
struct LoaderFailure: Error, CustomStringConvertible {
    let description: String

    init(_ outcome: Executable.Outcome) {
        description = "exit status \(outcome.status.map(String.init) ?? "none"): \(outcome.errors) \(outcome.output)"
    }
}
