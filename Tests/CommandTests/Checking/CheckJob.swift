import ArgumentParser
import Foundation
import JSON
import Logging
import Testing
import TestSupport

@testable import athena_export

/// A check in this process, against services on loopback.
struct CheckJob {
    var result = CheckJob.columns()
    /// What becomes of a call instead of its answer.
    var script: FaultScript = { _ in nil }
    /// What becomes of a request for the result object.
    var s3Script: FaultScript = { _ in nil }
    var options: [String] = []
    /// Keys beside those that every check has.
    var configuration: JSONObject = ["table": "orders", "primary_key": ["id"], "query": "SELECT * FROM orders"]
    var asksForColumns = true
    /// Prepares the output directory.
    var prepare: (String) throws -> Void = { _ in }

    /// What the checks printed, and what they called.
    struct Outcome {
        let report: CheckReport
        let athena: FakeAthena

        /// A step of the first table.
        func verdict(_ step: CheckStepName) -> CheckVerdict? {
            report.tables.first?.results.first { $0.step == step }?.verdict
        }

        /// The steps with anything but `ok`.
        var exceptions: [CheckStepName] {
            (report.tables.first?.results ?? []).filter { if case .ok = $0.verdict { false } else { true } }.map(\.step)
        }
    }

    /// A result without rows, as the LIMIT 0 query has it.
    static func columns(_ columns: [(name: String, type: String)] = standardColumns) -> FakeResult {
        var result = FakeResult(columns: columns, rowCount: 0)
        result.states = ["SUCCEEDED"]
        return result.inS3
    }

    static let standardColumns = [("id", "bigint"), ("price", "decimal(10,2)"), ("updated", "timestamp")]
        .map { (name: $0.0, type: $0.1) }

    func run() async throws -> Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            let athena = FakeAthena(
                result: result, s3: FakeS3(result, script: s3Script), isSigned: isSigned, script: script)
            try prepare("\(directory)/out")
            var file = configuration
            file["aws_access_key_id"] = .string(Executable.accessKeyID)
            file["aws_secret_access_key"] = .string(Executable.secretAccessKey)
            file["region_name"] = "eu-central-1"
            file["output"] = "out"
            let path = "\(directory)/check.json"
            try Data(JSONValue.object(file).serialized(pretty: true)).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let report = try await athena.serve { url in
                let options = try RunOptions.parse(["--config", path, "--endpoint-url", url] + options)
                let job = try JobConfiguration(options, file: try ConfigurationFile(options), workers: 1)
                return try await TablesCheck(
                    job: job, asksForColumns: asksForColumns,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                ).run()
            }
            // Nothing may be left of a check.
            #expect(FileManager.default.fileExists(atPath: "\(directory)/out") == isPrepared(directory))
            #expect(athena.badSignatures == 0)
            return Outcome(report: report, athena: athena)
        }
    }

    private func isPrepared(_ directory: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/out").isEmpty) == false
    }
}

extension CheckVerdict {
    var words: String {
        switch self {
        case .ok(let message), .skipped(let message): message
        case .warning(let message, let advice), .failed(let message, let advice, _): "\(message); \(advice)"
        }
    }

    var isSkipped: Bool { if case .skipped = self { true } else { false } }
    var isWarning: Bool { if case .warning = self { true } else { false } }
    var failure: CommandStatus? { if case .failed(_, _, let status) = self { status } else { nil } }
}
