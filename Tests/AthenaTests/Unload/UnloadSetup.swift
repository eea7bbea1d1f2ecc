import AWS
import BatchExport
import Foundation
import Testing
import TestSupport

@testable import Athena

/// An export by UNLOAD in this process, and the one by the API that it is compared with.
struct UnloadSetup {
    let directory: String
    let s3: FakeS3
    let athena: FakeAthena
    var run: InProcessExport

    static let target = "s3://results/unloaded/"

    init(
        _ result: FakeResult, in directory: String, source: SourceMode = .unload,
        _ change: (inout FakeUnload.Settings) -> Void = { _ in },
        s3Script: @escaping FaultScript = { _ in nil }, script: @escaping FaultScript = { _ in nil }
    ) {
        var settings = FakeUnload.Settings()
        change(&settings)
        self.directory = directory
        s3 = FakeS3([], script: s3Script)
        athena = FakeUnload(result, s3: s3, settings: settings).athena(script: script)
        run = InProcessExport(athena, in: directory, source: source)
        run.ranges = RangeSizes(bytes: 700, inFlight: 4)
        run.change = { $0.unloadTarget = S3Prefix(Self.target) }
    }

    /// The objects that the UNLOAD has written and that are still there.
    var objects: [String] { s3.objects(below: Self.target) }

    /// Statements that were started, each with the ids of its executions counted once.
    var unloads: Set<String> {
        Set(athena.calls.filter { $0.operation == "StartQueryExecution" && $0.body.contains("UNLOAD") }.map(\.body))
    }

    /// The files of an export of the same rows by the API.
    func reference(_ result: FakeResult) async throws -> [String: Data] {
        var plain = InProcessExport(FakeAthena(result: result), in: "\(directory)/reference", source: .api)
        plain.format = run.format
        plain.batchRows = run.batchRows
        try await plain.run()
        return plain.files
    }

    /// Expects an export to end with a certain error.
    func fails(with isExpected: (UnloadError) -> Bool) async {
        await #expect {
            try await run.run()
        } throws: {
            if case AthenaExportError.unload(let error) = $0 { isExpected(error) } else { false }
        }
    }
}

extension FakeResult {
    /// A column of every type of Athena's that is not nested, with values that are hard to carry over.
    static let everyType: FakeResult = {
        let columns: [(name: String, type: String, values: [String?])] = [
            ("customer_id", "varchar", []),
            ("a_boolean", "boolean", ["true", "false", nil]), ("a_tinyint", "tinyint", ["-128", "127", nil]),
            ("a_smallint", "smallint", ["0", nil, "-1"]), ("an_integer", "integer", ["2147483647", nil]),
            ("a_bigint", "bigint", ["-9223372036854775808", "9007199254740993", nil]),
            ("a_real", "float", ["0.5", "1.0E10", "NaN", nil]),
            ("a_double", "double", ["9.999999999999999E22", "NaN", "Infinity", "-Infinity", "-0.0", "4.9E-324", nil]),
            ("a_decimal", "decimal(38,10)", ["0.0000000000", "-12345678901234567890.1234567890", nil]),
            ("a_char", "char", ["ab   ", nil]),
            ("Text", "varchar", ["", "a,\"b\"\n", "\\.", "😀 é\u{2028}", "\u{7f}", nil]),
            ("a_date", "date", ["2020-01-31", "-0001-12-31", nil]), ("a_time", "time", ["01:02:03.456", nil]),
            ("a_zoned_time", "time with time zone", ["01:02:03.456 +01:00", nil]),
            ("a_timestamp", "timestamp", ["2020-01-31 01:02:03.000", "2020-01-31 01:02:03.123456", nil]),
            (
                "a_zoned_timestamp", "timestamp with time zone",
                ["2001-08-22 03:04:05.321 America/Los_Angeles", "2001-08-22 03:04:05.321 UTC", nil]
            ),
            ("an_interval", "interval day to second", ["2 00:00:00.000", nil]),
            ("months", "interval year to month", ["0-3", nil]),
            ("bytes", "varbinary", ["00 ff 1a", "", "0a", nil]),
            ("a_json", "json", ["{\"a\": [1, null]}", "null", nil]),
            ("an_address", "ipaddress", ["2001:db8::1", nil]),
            ("a_uuid", "uuid", ["12151fd2-7586-11e9-8f9e-2a86e4085a59", nil]), ("nothing", "unknown", [nil]),
        ]
        var result = FakeResult(rowCount: 50)
        result.columns = columns.map { ($0.name, $0.type) }
        result.states = ["SUCCEEDED"]
        result.row = { row in
            ["k\(row % 43)"] + columns.dropFirst().map { $0.values[row % $0.values.count] }
        }
        return result
    }()
}
