import Foundation
import Testing
import TestSupport

/// moto's server, and boto3 for what it holds.
enum MotoPeer {
    private static let script = TestMachine.root.appendingPathComponent("Tests/CommandTests/Service/moto-peer.py").path

    /// Runs one command of the script.
    ///
    /// - Returns: what it prints.
    static func run(_ arguments: String...) async throws -> String {
        let outcome = try await Executable.run(
            try #require(TestMachine.python), [script] + arguments, environment: Executable.environment())
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    /// Serves while the body runs.
    static func serve(_ directory: String, _ body: (String) async throws -> Void) async throws {
        let file = "\(directory)/address"
        let server = RunningProcess()
        let program = try #require(TestMachine.python)
        async let outcome = Executable.run(
            program, [script, "serve", file], environment: Executable.environment(), onStart: server.started)
        defer { server.kill() }
        while !FileManager.default.fileExists(atPath: file) { try await Task.sleep(for: .milliseconds(5)) }
        try await body(try String(contentsOfFile: file, encoding: .utf8))
        server.kill()
        _ = try await outcome
    }
}
