import Foundation
import JSON
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// Every test that runs the command checks that no run writes a secret anywhere: see ``Executable/run``.

@Suite(.limitedConcurrency) struct `Secrets` {
    /// Runs against a service that never finishes its query, and passes the process to a body while it waits.
    private func waiting(
        environment: [String: String] = Executable.environment(),
        _ body: @escaping @Sendable (_ id: Int32, _ directory: String) throws -> Void
    ) async throws -> (outcome: Executable.Outcome, files: [String: Data]) {
        try await TestMachine.withTemporaryDirectory { directory in
            var result = FakeResult.customers(10)
            result.states = ["RUNNING"]
            let athena = FakeAthena(result: result, isSigned: isSigned)
            let process = RunningProcess()
            let outcome = try await athena.serve { url in
                async let outcome = Executable.run(
                    ["--endpoint-url", url, "--log-level", "trace"], environment: environment, directory: directory,
                    onStart: process.started)
                try await athena.waitForCalls(of: "GetQueryExecution", by: process)
                let id = try #require(process.processID)
                do { try body(id, directory) } catch {
                    process.kill()
                    throw error
                }
                process.kill()
                return try await outcome
            }
            return (outcome, TestMachine.files(below: directory))
        }
    }

    @Test func `secrets stand in no argument of the process, and no core file may be written`() async throws {
        _ = try await waiting { id, _ in
            let arguments = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(id)/cmdline"))
            #expect(arguments.range(of: Data("--endpoint-url".utf8)) != nil)
            for secret in [Executable.secretAccessKey, Executable.sessionToken] {
                #expect(arguments.range(of: Data(secret.utf8)) == nil)
            }
            let limits = try String(contentsOfFile: "/proc/\(id)/limits", encoding: .utf8)
            let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
            #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
        }
    }

    @Test(
        .disabled(if: TestMachine.isSanitized, "a sanitizer takes the signal for a fault"),
        arguments: [SIGILL, SIGSEGV, SIGTRAP, SIGABRT])
    func `secrets do not come out when the process crashes as the page on scheduling runs it`(_ signal: Int32)
        async throws
    {
        let (outcome, files) = try await waiting { id, _ in
            #expect(kill(id, signal) == 0)
            // The first signal that arrives ends the process.
            usleep(200_000)
        }
        #expect(outcome.status == nil)
        #expect(!outcome.errors.contains("Crash") && !outcome.errors.contains("Registers"))
        #expect(files.keys.allSatisfy { !$0.hasSuffix("core") && !$0.contains("core.") })
        for data in files.values {
            for secret in [Executable.secretAccessKey, Executable.sessionToken] {
                #expect(data.range(of: Data(secret.utf8.prefix(16))) == nil)
            }
        }
    }

    @Test(arguments: ["text", "json"])
    func `secrets that a service quotes are removed at every log level`(_ format: String) async throws {
        let quotes = [
            Executable.accessKeyID, Executable.secretAccessKey, Executable.sessionToken,
            try #require(Executable.sessionToken.addingPercentEncoding(withAllowedCharacters: .alphanumerics)),
        ]
        for quote in quotes {
            try await TestMachine.withTemporaryDirectory { directory in
                let athena = FakeAthena(result: .customers(10), isSigned: isSigned) { call in
                    switch (call.operation, call.operationNumber) {
                    case ("StartQueryExecution", 1): .error("ThrottlingException", "because of \(quote)")
                    case ("GetQueryResults", 1): .respond(status: 502, body: "<html>\(quote)</html>")
                    case ("GetQueryResults", 2): .error("AccessDeniedException", "for \(quote)")
                    default: nil
                    }
                }
                let outcome = try await athena.serve { url in
                    try await run(
                        [
                            "--endpoint-url", url, "--log-level", "trace", "--log-format", format, "--summary", "json",
                            "--record", "recorded",
                        ], in: directory)
                }
                expectError(outcome, 77, ["AccessDeniedException", "[redacted]"])
                #expect(!outcome.errors.contains(quote) && !outcome.output.contains(quote))
                let recorded = TestMachine.files(below: "\(directory)/recorded")
                #expect(recorded.values.contains { $0.range(of: Data("REDACTED".utf8)) != nil })
                #expect(recorded.values.allSatisfy { $0.range(of: Data(quote.utf8)) == nil })
            }
        }
    }

    @Test func `secrets of a configuration file stay there`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let keys: JSONValue = [
                "aws_access_key_id": "AKIDCONFIGURED", "aws_secret_access_key": "configured/SECRET+0123456789",
                "aws_session_token": "configured/TOKEN+0123456789",
            ]
            try Data(keys.serialized(pretty: true)).write(to: URL(fileURLWithPath: "\(directory)/keys.json"))
            let athena = FakeAthena(
                result: .customers(10),
                script: { call in
                    call.operation == "GetQueryResults"
                        ? .error("AccessDeniedException", "configured/SECRET+0123456789 configured/TOKEN+0123456789")
                        : nil
                })
            let outcome = try await athena.serve { url in
                try await run(
                    ["--endpoint-url", url, "--config", "keys.json", "--log-level", "trace"], in: directory,
                    environment: Executable.environment(["AWS_REGION": "eu-central-1"]))
            }
            expectError(outcome, 77, ["[redacted] [redacted]"])
        }
    }

    @Test(arguments: [
        ("AWS_SECRET_ACCESS_KEY", "canary0123456789\r\nX-Evil: 1"), ("AWS_SESSION_TOKEN", "canary0123456789\nX: 1"),
        ("AWS_ACCESS_KEY_ID", "AKID\r\nX-Evil: 1"), ("AWS_REGION", "eu-central-1\r\nX-Evil: 1"),
        ("AWS_REGION", "eu-central-1.evil.example/"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1/\r\nX-Evil: 1"),
        ("AWS_ENDPOINT_URL", "http://user:canary0123456789@127.0.0.1:1/"),
    ])
    func `secrets and other values of the environment that would begin a header of their own are refused`(
        _ name: String, _ value: String
    ) async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await run([], in: directory, environment: Executable.environment([name: value]))
            expectError(outcome, 78, [])
            #expect(!outcome.errors.contains("canary0123456789"))
        }
    }
}
