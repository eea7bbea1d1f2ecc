import Testing
import TestSupport

@Suite(.limitedConcurrency) struct `Errors of many causes` {
    private static let noKeys = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]

    private func arguments(_ directory: String) -> [String] {
        ["--query", "SELECT 1", "--table", "t", "--key", "k", "--output", directory]
    }

    @Test(.enabled(if: TerminalEmulator.isThere, TerminalEmulator.needs))
    func `an error of many causes has a line for each on a terminal`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let (screens, status) = try await TerminalEmulator(widths: [132]).run(
                arguments(directory), environment: Self.noKeys)
            let lines = try #require(screens.last).lines
            #expect(status == 77)
            let first = try #require(
                lines.firstIndex { $0.hasPrefix("athena-export: error: no AWS credentials; set ") })
            #expect(lines[first + 1] == "  configuration: it has no aws_access_key_id")
            #expect(lines[first + 2] == "  environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
            #expect(lines.last == "  instance: AWS_EC2_METADATA_DISABLED is true")
        }
    }

    @Test func `an error of many causes is one line in a log`() async throws {
        try await TestMachine.withTemporaryDirectory { directory in
            let outcome = try await Executable.run(
                arguments(directory), environment: Executable.environment(Self.noKeys))
            #expect(outcome.status == 77)
            let line = try #require(outcome.errors.split(separator: "\n").last)
            #expect(line.hasPrefix("athena-export: error: no AWS credentials (configuration: it has no aws_access"))
            #expect(line.contains("instance: AWS_EC2_METADATA_DISABLED is true); set "))
        }
    }
}
