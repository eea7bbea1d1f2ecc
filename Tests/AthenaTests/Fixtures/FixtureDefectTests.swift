@testable import Athena
import AWS
import BatchExport
import Foundation
import HTTPTransport
import JSON
import SystemPackage
import Testing
import TestSupport

@Suite struct `Defects of recorded answers` {
    /// Exports from a changed copy of the recorded customers.
    private func replay(
        _ directory: String, _ change: (_ recorded: String) throws -> Void
    ) async throws -> InProcessExport {
        let recorded = "\(directory)/recorded"
        try FileManager.default.copyItem(
            atPath: TestMachine.root.appendingPathComponent("fixtures/customers").path, toPath: recorded)
        try change(recorded)
        var export = InProcessExport(FakeAthena(result: FakeResult(rowCount: 0)), in: directory)
        export.transport = try ReplayTransport(FilePath(recorded))
        return export
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let word: String
        let change: @Sendable (String) throws -> Void

        init(_ name: String, _ word: String, _ change: @escaping @Sendable (String) throws -> Void) {
            testDescription = name
            self.word = word
            self.change = change
        }
    }

    private static let cases: [Case] = [
        Case("a number left out", "GetQueryExecution-2.json is missing: the answers continue to number 3") {
            try FileManager.default.removeItem(atPath: "\($0)/GetQueryExecution-2.json")
        },
        Case("an operation left out", "StartQueryExecution-1.json is missing: the run calls StartQueryExecution") {
            try FileManager.default.removeItem(atPath: "\($0)/StartQueryExecution-1.json")
        },
        Case("the first page left out", "GetQueryResults-1.json is missing") {
            try FileManager.default.removeItem(atPath: "\($0)/GetQueryResults-1.json")
        },
        Case("nothing but an error", "of which only errors were recorded") {
            try FileManager.default.moveItem(
                atPath: "\($0)/StartQueryExecution-1.json", toPath: "\($0)/StartQueryExecution-1.503.json")
        },
        Case("the answer of another operation", "GetQueryExecution-1.json: QueryExecution") {
            try FileManager.default.removeItem(atPath: "\($0)/GetQueryExecution-1.json")
            try FileManager.default.copyItem(
                atPath: "\($0)/GetQueryResults-1.json", toPath: "\($0)/GetQueryExecution-1.json")
        },
        Case("a link that leads to itself", "StartQueryExecution-1.json is not a regular file") {
            try FileManager.default.removeItem(atPath: "\($0)/StartQueryExecution-1.json")
            try FileManager.default.createSymbolicLink(
                atPath: "\($0)/StartQueryExecution-1.json", withDestinationPath: "StartQueryExecution-1.json")
        },
        Case("a device", "StartQueryExecution-1.json is not a regular file") {
            try FileManager.default.removeItem(atPath: "\($0)/StartQueryExecution-1.json")
            try FileManager.default.createSymbolicLink(
                atPath: "\($0)/StartQueryExecution-1.json", withDestinationPath: "/dev/zero")
        },
        Case("more than the network would give", "StartQueryExecution-1.json is larger than") {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\($0)/StartQueryExecution-1.json"))
            try file.truncate(atOffset: 100 << 20)
            try file.close()
        },
        Case("gzip data", "gzip data, not JSON text; decompress it first") {
            try Data([0x1f, 0x8b, 8, 0]).write(to: URL(fileURLWithPath: "\($0)/StartQueryExecution-1.json"))
        },
    ]

    @Test(arguments: cases) private func `a recorded answer that cannot be an answer is named`(_ test: Case)
        async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let export = try await replay(directory, test.change)
            let error = try await export.fails(with: (any Error).self)
            #expect("\(error)".contains("\(directory)/recorded/"), "\(error)")
            #expect("\(error)".contains(test.word) && !"\(error)".contains { $0.isNewline }, "\(error)")
            #expect(export.files.isEmpty)
        }
    }

    @Test(arguments: [
        "StartQueryExecution.json", "StartQueryExecution-0.json", "StartQueryExecution-01.json",
        "StartQueryExecution--1.json", "StartQueryExecution-1.json.gz", "StartQueryExecution-1.200.json",
        "StartQueryExecution-1.999.json", "StartQueryExecution-1.50x.json", "StartQueryExecution-1.json~",
        ".StartQueryExecution-1.json", "-1.json", "StartQueryExecution-1e3.json", "Start QueryExecution-1.json",
        "..-1.json", "StartQueryExecution-99999999999999999999.json", "StartQueryExecution-1.400.400.json", "ä-1.json",
    ])
    func `a recorded answer has one name, and other files are no answers`(_ name: String) {
        #expect(FixtureDirectory.Name(fileName: name) == nil)
    }

    @Test(arguments: ["StartQueryExecution-1.json", "GetQueryResults-12.503.json"])
    func `the name of a recorded answer is written as it is read`(_ name: String) throws {
        #expect(try #require(FixtureDirectory.Name(fileName: name)).fileName == name)
    }

    @Test(.timeLimit(.minutes(60))) func `a recorded answer may lie among a hundred thousand other files`() async throws
    {
        try await TestMachine.withTemporaryDirectory { directory in
            let export = try await replay(directory) { recorded in
                for number in 1...100_000 {
                    let descriptor = open("\(recorded)/Other-\(number).json", O_CREAT | O_WRONLY, 0o600)
                    try #require(descriptor >= 0)
                    close(descriptor)
                }
            }
            _ = try await export.run()
            #expect(!export.files.isEmpty)
        }
    }

    @Test
    func `a recorded answer keeps nothing that a request was signed with, in any spelling, and no account number`()
        throws
    {
        let token = "canary/TOKEN+rstuvwxyz0123456789=="
        var request = HTTPRequest(method: "POST", url: HTTPURL(scheme: .https, host: "h"))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDCANARY0123456789/20260101/eu-central-1/athena/aws4_request, "
            + "SignedHeaders=host, Signature=\(String(repeating: "0123456789abcdef", count: 4))"
        request.secrets = [
            token, authorization, "AKIDCANARY0123456789", String(repeating: "0123456789abcdef", count: 4),
        ]
        let quoted = [
            token, token.replacingOccurrences(of: "/", with: "\\/"), URIEncoding.encode(token),
            URIEncoding.encode(token).replacing("%2F", with: "%2f").replacing("%3D", with: "%3d"),
            token.replacing("rst", with: #"r\n  st"#), token.map { "\($0) " }.joined(),
            "AKIDCANARY0123456789", String(repeating: "0123456789abcdef", count: 4),
            authorization, "arn:aws:iam::123456789012:user/x",
            "s3://aws-athena-query-results-123456789012-eu-central-1/a", "123456789012",
            token.replacing("=", with: #"\u003d"#).replacing("+", with: #"\u002B"#), #"\n123456789012\n"#,
        ]
        let bodies = quoted.flatMap { text in
            [
                #"{"Message":"before \#(text) after"}"#, #"{"Errors":[{"before \#(text) after":null}]}"#,
                #"["before <p>\#(text)</p>",""," after"]"#,
            ]
        }
        for body in bodies {
            let body = RecordingScrubber(request).scrub(Array(body.utf8))
            let kept = String(decoding: body, as: UTF8.self)
            for secret in [token, "TOKEN", "AKIDCANARY", "0123456789abcdef", "123456789012"] {
                #expect(!kept.contains(secret), "\(kept)")
            }
            #expect(kept.contains("before ") && kept.contains(" after"))
            #expect(throws: Never.self) { try JSONValue(parsing: body) }
        }
        for text in quoted where !text.contains("u003d") {
            // A proxy's page is no JSON.
            let body = RecordingScrubber(request).scrub(Array("<h1>before \(text) after</h1>".utf8))
            let kept = String(decoding: body, as: UTF8.self)
            #expect(!kept.contains("TOKEN") && !kept.contains("AKIDCANARY"), "\(kept)")
            #expect(kept.hasPrefix("<h1>before ") && kept.hasSuffix(" after</h1>"))
        }
    }

    @Test func `an answer that is JSON only without its secret is searched as JSON`() {
        var request = HTTPRequest(method: "POST", url: HTTPURL(scheme: .https, host: "h"))
        request.secrets = ["canary-token"]
        // No string of JSON has a line break in it. The backslash and the n are one character, and no part of a word.
        let body = RecordingScrubber(request).scrub(Array("{\"Message\":\"canary-\ntoken \\n123456789012\"}".utf8))
        #expect(String(decoding: body, as: UTF8.self) == #"{"Message":"REDACTED \nxxxxxxxxxxxx"}"#)
    }

    @Test(arguments: [
        // The token's letters begin inside an escape, which stands for another character.
        #"{"Message" : "\u00canary-token", "Rows": 123456789012}"#, #"{"Message":"\u0123456789012"}"#,
        "<html>canary-toke</html>", "", #"{"Message":"canary\/token"#,
    ])
    func `a recorded answer is kept byte for byte where nothing is taken out`(_ body: String) {
        var request = HTTPRequest(method: "POST", url: HTTPURL(scheme: .https, host: "h"))
        request.secrets = ["canary-token"]
        #expect(RecordingScrubber(request).scrub(Array(body.utf8)) == Array(body.utf8))
    }
}
