import Digest
import Foundation
import JSON
import Testing
import TestSupport

/// The files of a table's directory, compared with its manifest.
struct ExportedTable {
    let directory: String
    let manifest: JSONField
    let state: JSONField

    init(_ directory: String) throws {
        self.directory = directory
        manifest = JSONField(
            try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/manifest.json")))))
        state = JSONField(
            try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/state.json")))))
    }

    /// The highest number of a batch, of rows or of deletes; 0 if there is none.
    var lastBatch: Int {
        get throws {
            let deletes = try manifest.optionalMember("deletes")?.elements() ?? []
            return try (manifest.member("batches").elements() + deletes).map { try $0.member("sequence").integer() }
                .max() ?? 0
        }
    }

    /// The content of every batch, after its size and digest were checked.
    func contents() async throws -> [String] {
        var contents: [String] = []
        for batch in try manifest.member("batches").elements() {
            let path = "\(directory)/\(try batch.member("path").string())"
            let data = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(try batch.member("bytes").integer() == data.count)
            #expect(try batch.member("sha256").string() == SHA256.hash(data).hexadecimal)
            let content = try await TestMachine.gunzip(path)
            #expect(try batch.member("uncompressed_bytes").integer() == content.utf8.count)
            contents.append(content)
        }
        return contents
    }

    /// The manifest without the parts that differ in every run: times and ids.
    static func comparable(_ file: String) throws -> String {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        return text.split(separator: "\n").filter { line in
            !["_at\"", "query_execution_id", "client_request_token"].contains { line.contains($0) }
        }.joined(separator: "\n")
    }
}

/// The customers of ``FakeResult`` as CSV lines.
func customerLines(_ range: Range<Int>) -> [String] {
    range.map { number in
        FakeResult.customer(number).map { value in
            guard let value else { return "" }
            return value.contains(",") || value.contains("\"")
                ? "\"\(value.replacingOccurrences(of: "\"", with: "\"\""))\"" : value
        }.joined(separator: ",")
    }
}

extension FakeResult {
    /// Customers whose query is finished at the first poll, so that the run does not wait.
    static func customers(_ count: Int) -> FakeResult {
        var result = FakeResult(rowCount: count)
        result.states = ["SUCCEEDED"]
        return result
    }
}
