import Foundation
import JSON
import Testing
import TestSupport

// Every test that runs the command checks that its output cannot steer a terminal: see ``Executable/run``. Here are the
// runs whose input tries to.

/// A link (OSC 8), a write to the clipboard (OSC 52), a colour, a line that hides the one before it, C1 controls, and the
/// marks that turn the direction of writing.
private let steering =
    "\u{1b}]8;;http://evil/\u{7}x\u{1b}]52;c;cm0=\u{7}\u{1b}[31m\u{1b}[2J\rok\u{8}\u{9b}1m\u{85}\u{202e}\u{2066}\u{2028}\u{feff}"

@Suite(.limitedConcurrency) struct `Text from outside` {
    private static let formats = ["text", "json"]

    private func export(
        _ format: String, _ result: FakeResult = .customers(10), script: @escaping FaultScript
    ) async throws -> Executable.Outcome {
        try await TestMachine.withTemporaryDirectory { directory in
            try await FakeAthena(result: result, isSigned: isSigned, script: script).serve { url in
                try await run(
                    [
                        "--endpoint-url", url, "--log-level", "trace", "--log-format", format, "--max-attempts", "2",
                        "--summary", format,
                    ], in: directory)
            }
        }
    }

    @Test(arguments: formats) func `text in a refusal does not steer the terminal`(_ format: String) async throws {
        let outcome = try await export(format) { _ in .error("Access\(steering)Exception", steering) }
        #expect(outcome.errors.contains(#"\u{1b}]52;c"#) && outcome.errors.contains(#"\u{202e}"#))
        #expect(outcome.status == 78)
    }

    @Test(arguments: formats) func `text in place of the service's answer does not steer the terminal`(_ format: String)
        async throws
    {
        let outcome = try await export(format) { _ in
            .respond(status: 503, body: "<html>\(steering)", headers: ["x-amzn-RequestId": "a\u{9b}b"])
        }
        #expect(outcome.status == 75)
    }

    @Test(arguments: formats) func `text in the reason of a failed query does not steer the terminal`(_ format: String)
        async throws
    {
        var result = FakeResult.customers(10)
        result.states = ["FAILED"]
        result.stateChangeReason = "line 1:\(steering)"
        result.athenaError = ["ErrorMessage": .string(steering), "ErrorType": .integer(1)]
        #expect(try await export(format, result) { _ in nil }.status == 1)
    }

    @Test(arguments: formats) func `text in a state, an id or a column's name does not steer the terminal`(
        _ format: String
    ) async throws {
        var result = FakeResult.customers(10)
        result.states = ["WAITING\(steering)", "SUCCEEDED"]
        result.columns[0].name = "customer\(steering)"
        let outcome = try await export(format, result) { _ in nil }
        #expect(outcome.status == 65 && outcome.errors.contains("unknown query state"))
        let other = try await export(format) { call in
            call.operation == "StartQueryExecution"
                ? .respond(
                    status: 200,
                    body: String(
                        decoding: JSONValue.object(["QueryExecutionId": .string(steering)]).serialized(pretty: false),
                        as: UTF8.self)) : nil
        }
        #expect(other.status == 65)
    }

    @Test func `text on the command line and in a configuration does not steer the terminal`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let text = JSONValue.object(["table": .string(steering), steering: "x"]).serialized(pretty: false)
            try Data(text).write(to: URL(fileURLWithPath: "\(directory)/configuration.json"))
            for arguments in [
                ["--table", steering], ["--config", steering], ["--replay", steering], ["--\(steering)"], [steering],
                ["--format", steering], ["--region", steering], ["--endpoint-url", steering], ["--run-id", steering],
                ["--query-timeout", steering], ["status", steering], ["--config", "configuration.json"],
                ["--replay", customers, "--key", steering], ["--replay", customers, "--record", steering],
            ] {
                let outcome = try await run(arguments, in: directory)
                #expect([64, 65, 66, 78].contains(outcome.status), "\(arguments)")
                #expect(outcome.errors.split(separator: "\n").contains { $0.hasPrefix("athena-export: error: ") })
            }
        }
    }

    @Test(arguments: formats) func `text in a directory's name, a manifest and a state does not steer the terminal`(
        _ format: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let exported = try await run(
                ["--replay", customers, "--output", "a\u{202e}b", "--summary", format], in: directory)
            #expect(exported.status == 0, "\(exported.errors)")
            let table = "\(directory)/a\u{202e}b/customers"
            for file in ["manifest.json", "state.json"] {
                let url = URL(fileURLWithPath: "\(table)/\(file)")
                let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
                let run = try #require(try JSONField(JSONValue(parsing: Array(text.utf8))).runID())
                let steered = JSONValue.string("run\(steering)").serialized(pretty: false)
                try Data(
                    text.replacingOccurrences(of: "\"\(run)\"", with: String(decoding: steered, as: UTF8.self)).utf8
                ).write(to: url)
            }
            let status = try await run(["status", table, "--format", format], in: directory)
            #expect(status.status == 0 && status.output.contains("run"), "\(status.errors)")
            if format == "json" {
                let runs = try JSONField(JSONValue(parsing: Array(status.output.utf8))).member("runs").elements()
                #expect(try runs[0].member("run_id").string() == "run\(steering)")
            }
        }
    }

    @Test func `text in a row is data, and stays as it is`() async throws {
        let formulas = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "=cmd|' /C calc'!A0", steering]
        var result = FakeResult.customers(formulas.count)
        result.row = { ["\($0)", formulas[$0], nil, ""] }
        try await TestMachine.withTemporaryDirectory { [result] directory in
            let outcome = try await FakeAthena(result: result).serve { url in
                try await run(["--endpoint-url", url, "--format", "ndjson"], in: directory)
            }
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try await ExportedTable("\(directory)/export/customers").contents().joined()
                .split(separator: "\n")
            let values = try lines.map { line in
                try JSONField(JSONValue(parsing: Array(line.utf8))).member("first_name").string()
            }
            #expect(values == formulas)
        }
    }
}

extension JSONField {
    /// The name of the only run, in a state as in a manifest.
    fileprivate func runID() throws -> String? {
        try optionalMember("run_id")?.string() ?? member("runs").elements().first?.member("run_id").string()
    }
}
