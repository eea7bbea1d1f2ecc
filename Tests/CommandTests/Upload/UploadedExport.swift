import Foundation
import JSON
import Testing
import TestSupport

/// An export of several batches, and the command that uploads it.
struct UploadedExport: Sendable {
    static let url = "s3://exports/lake/customers/"
    /// The table's directory: a copy with the manifest and the data alone.
    let directory: String
    /// The bytes of each file that the bucket must have, by key.
    let expected: [String: [UInt8]]

    /// Exports four batches below a directory.
    init(in scratch: String) async throws {
        let athena = FakeAthena(result: .customers(40))
        let export = try await athena.serve { url in
            try await Executable.run(["--endpoint-url", url, "--output", scratch, "--batch-rows", "10"])
        }
        try #require(export.status == 0, "\(export.errors)")
        directory = "\(scratch)/copied"
        let files = FileManager.default
        try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for name in ["data", "manifest.json"] {
            try files.copyItem(atPath: "\(scratch)/customers/\(name)", toPath: "\(directory)/\(name)")
        }
        expected = Dictionary(
            uniqueKeysWithValues: TestMachine.files(below: directory).map { ("lake/customers/\($0)", Array($1)) })
        try #require(expected.count == 5)
    }

    func upload(
        _ endpoint: String, _ options: [String] = [], to url: String = url,
        onStart: (@Sendable (Int32) -> Void)? = nil
    ) async throws -> Executable.Outcome {
        try await Executable.run(
            ["upload", directory, url, "--endpoint-url", endpoint, "--summary", "json"] + options, onStart: onStart)
    }

    static func summary(_ outcome: Executable.Outcome) throws -> JSONField {
        JSONField(try JSONValue(parsing: Array(outcome.output.utf8)))
    }
}

extension StrictS3 {
    /// The bytes of every object, by key.
    var contents: [String: [UInt8]] { objects.mapValues(\.bytes) }
}
