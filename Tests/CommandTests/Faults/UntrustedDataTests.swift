import Foundation
import JSON
import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Data that cannot be trusted` {
    /// Replays a changed copy of the customers, after a good run into the same directory.
    private func expectRefused(_ words: [String], status: Int32 = 65, change: (String) throws -> Void) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try FileManager.default.copyItem(atPath: customers, toPath: "\(directory)/recorded")
            let command = ["--replay", "recorded", "--batch-rows", "20"]
            let good = try await run(command, in: directory)
            #expect(good.status == 0)
            try change("\(directory)/recorded")
            let before = TestMachine.files(below: "\(directory)/export").filter { !$0.key.hasSuffix("state.json") }
            let outcome = try await run(command, in: directory)
            expectError(outcome, status, words)
            let after = TestMachine.files(below: "\(directory)/export")
            for (name, data) in before where !name.hasSuffix("manifest.json") {
                #expect(after[name] == data, "\(name)")
            }
        }
    }

    private func rewrite(_ file: String, _ change: (String) -> String) throws {
        let url = URL(fileURLWithPath: file)
        try Data(change(String(decoding: try Data(contentsOf: url), as: UTF8.self)).utf8).write(to: url)
    }

    @Test func `a page cut short is named with the byte where it ends`() async throws {
        try await expectRefused(["recorded/GetQueryResults-2.json", "byte 1000"]) { recorded in
            let url = URL(fileURLWithPath: "\(recorded)/GetQueryResults-2.json")
            try Data(contentsOf: url).prefix(1000).write(to: url)
        }
    }

    @Test func `a page that is missing is named with the one that leads to it`() async throws {
        try await expectRefused(["recorded/GetQueryResults-3.json", "GetQueryResults-2.json leads to it"]) { recorded in
            try FileManager.default.removeItem(atPath: "\(recorded)/GetQueryResults-3.json")
        }
    }

    @Test func `a page that leads to itself is noticed`() async throws {
        try await expectRefused(["names itself"]) { recorded in
            let url = URL(fileURLWithPath: "\(recorded)/GetQueryResults-1.json")
            let page = JSONField(try JSONValue(parsing: Array(try Data(contentsOf: url))))
            let token = try page.member("NextToken").string()
            let second = "\(recorded)/GetQueryResults-2.json"
            let next = try JSONField(JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: second)))))
                .member("NextToken").string()
            try rewrite(second) { $0.replacingOccurrences(of: next, with: token) }
        }
    }

    @Test func `pages that lead round in a circle are noticed`() async throws {
        try await expectRefused(["an earlier page"]) { recorded in
            func token(_ page: Int) throws -> String {
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(recorded)/GetQueryResults-\(page).json"))
                return try JSONField(JSONValue(parsing: Array(data))).member("NextToken").string()
            }
            let (first, third) = (try token(1), try token(3))
            try rewrite("\(recorded)/GetQueryResults-3.json") { $0.replacingOccurrences(of: third, with: first) }
        }
    }

    @Test func `a recording with nothing but an error answer for a call that must have succeeded is an error`()
        async throws
    {
        try await expectRefused(["StartQueryExecution-1.json is missing"]) { recorded in
            try Data(#"{"__type":"ThrottlingException"}"#.utf8)
                .write(to: URL(fileURLWithPath: "\(recorded)/StartQueryExecution-1.400.json"))
            try FileManager.default.removeItem(atPath: "\(recorded)/StartQueryExecution-1.json")
        }
    }

    @Test(arguments: [
        "{}", "null", "[]", #"{"QueryExecution":{"QueryExecutionId":"other","Status":{"State":"SUCCEEDED"}}}"#,
    ])
    func `an answer of the wrong shape is an error`(_ text: String) async throws {
        try await expectRefused(["recorded/GetQueryExecution-1.json"]) { recorded in
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(recorded)/GetQueryExecution-1.json"))
        }
    }

    @Test func `a request whose columns were refused does not block a better one`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let wrong = try await run(["--replay", customers, "--key", "nope"], in: directory)
            expectError(wrong, 65, ["nope", "--key"])
            let right = try await run(["--replay", customers], in: directory)
            #expect(right.status == 0, "\(right.errors)")
            let before = TestMachine.files(below: directory)
            let other = try await run(["--replay", customers, "--format", "ndjson"], in: directory)
            expectError(other, 65, ["format csv became ndjson"])
            #expect(!other.errors.contains("query started"))
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test func `columns that change between pages are an error`() async throws {
        try await expectRefused(["columns changed"]) { recorded in
            try rewrite("\(recorded)/GetQueryResults-4.json") {
                $0.replacingOccurrences(of: "\"email\"", with: "\"mail\"")
            }
        }
    }

    @Test(
        arguments: [
            ("customer_id", "id", "customer_id"), ("first_name", "Email", "two columns"),
            ("email", "Batch", "partition"),
        ])
    func `columns that cannot be exported are an error`(_ name: String, _ other: String, _ word: String) async throws {
        try await expectRefused([word]) { recorded in
            for page in 1...4 {
                try rewrite("\(recorded)/GetQueryResults-\(page).json") {
                    $0.replacingOccurrences(of: "\"\(name)\"", with: "\"\(other)\"")
                }
            }
        }
    }

    @Test func `a SELECT whose header row is missing is an error, and its columns are not guessed`() async throws {
        try await expectRefused(["does not repeat the column names"]) { recorded in
            try rewrite("\(recorded)/GetQueryResults-1.json") {
                $0.replacingOccurrences(of: #"{"VarCharValue":"customer_id"}"#, with: #"{"VarCharValue":"000"}"#)
            }
        }
    }

    @Test func `a fixture that is compressed by mistake is reported as such`() async throws {
        try await expectRefused(["recorded/GetQueryExecution-1.json", "gzip"]) { recorded in
            try Data([0x1f, 0x8b, 8, 0]).write(to: URL(fileURLWithPath: "\(recorded)/GetQueryExecution-1.json"))
        }
    }

    @Test func `a directory in the place of a fixture is no answer`() async throws {
        try await expectRefused(["StartQueryExecution-1.json", "not a regular file"]) { recorded in
            try FileManager.default.removeItem(atPath: "\(recorded)/StartQueryExecution-1.json")
            try FileManager.default.createDirectory(
                atPath: "\(recorded)/StartQueryExecution-1.json", withIntermediateDirectories: false)
        }
    }
}

@Suite(.limitedConcurrency) struct `State and manifest that were changed by hand` {
    @Test(
        arguments: [
            ("manifest.json", #""version": 1"#, #""version": 3"#, ["version", "newer"]),
            ("manifest.json", #""format": "athena-export/manifest""#, #""format": "other""#, ["format"]),
            ("manifest.json", #""sequence": 2"#, #""sequence": 1"#, ["batches[1].sequence"]),
            ("manifest.json", "data/batch=000002/", "../../../", ["batches[1].path"]),
            ("manifest.json", #""rows": 19"#, #""rows": 18"#, ["batches[0]"]),
            ("manifest.json", #""batches": 3"#, #""batches": 4"#, ["totals.batches"]),
            ("manifest.json", #""sha256": ""#, #""sha256": "x"#, ["sha256"]),
            ("manifest.json", #""type": "STRING""#, #""type": "TEXT""#, ["columns[0].type"]),
            ("manifest.json", "{", "[", ["byte"]),
            (
                "manifest.json", #""uncompressed_bytes": "#, #""uncompressed_bytes": 9000000000000000000"#,
                ["uncompressed_bytes"]
            ),
            ("state.json", #""version": 1"#, #""version": 9"#, ["version", "newer"]),
            ("state.json", #""next_batch": 4"#, #""next_batch": 9223372036854775807"#, ["next_batch", "at most"]),
            ("state.json", #""duplicate_rows": "#, #""duplicate_rows": 922337203685477580"#, ["duplicate_rows"]),
            ("state.json", #""status": "succeeded""#, #""status": "done""#, ["status"]),
            ("state.json", #""next_batch": 4"#, #""next_batch": -4"#, ["next_batch"]),
            ("state.json", #""rows_exported": 45"#, #""rows_exported": "x""#, ["position.rows_exported"]),
            ("state.json", #""table": "customers""#, #""table": "people""#, ["request_fingerprint"]),
        ] as [(String, String, String, [String])])
    func `a document with a wrong member is refused with file and field, and nothing changes`(
        _ file: String, _ old: String, _ new: String, _ words: [String]
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let command = ["--replay", customers, "--batch-rows", "20"]
            _ = try await run(command, in: directory)
            let url = URL(fileURLWithPath: "\(directory)/export/customers/\(file)")
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            let range = try #require(text.range(of: old))
            try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: url)
            let before = TestMachine.files(below: directory)
            // A merge needs the manifest alone.
            let readers = (["status", "verify"] + (file == "manifest.json" ? ["merge"] : [])).map {
                [$0, "export/customers"]
            }
            for arguments in [command] + readers {
                let outcome = try await run(arguments, in: directory)
                expectError(outcome, 65, ["export/customers/\(file)"] + words)
            }
            #expect(TestMachine.files(below: directory) == before)
        }
    }

    @Test(
        arguments: [
            (#""rows_into_page": 2"#, #""rows_into_page": 3"#, "position"),
            (#""page_token": "[^"]*""#, #""page_token": null"#, "position"),
        ])
    func `an impossible position is not resumed from`(_ old: String, _ new: String, _ word: String) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            try FileManager.default.copyItem(atPath: customers, toPath: "\(directory)/recorded")
            try FileManager.default.removeItem(atPath: "\(directory)/recorded/GetQueryResults-2.json")
            let command = ["--replay", "recorded", "--batch-rows", "2"]
            _ = try await run(command, in: directory)
            let url = URL(fileURLWithPath: "\(directory)/export/customers/state.json")
            var text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            text = text.replacingOccurrences(of: #""rows_exported": 14"#, with: #""rows_exported": 2"#)
            let range = try #require(
                text.range(of: old, options: .regularExpression) ?? text.range(of: "\"rows_into_page\": 0"))
            try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: url)
            expectError(try await run(command, in: directory), 65, ["state.json", word])
        }
    }

    @Test func `a manifest that is missing is reported`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            _ = try await run(["--replay", customers], in: directory)
            try FileManager.default.removeItem(atPath: "\(directory)/export/customers/manifest.json")
            let outcome = try await run(["--replay", customers], in: directory)
            expectError(outcome, 65, ["manifest.json", "missing"])
        }
    }
}
