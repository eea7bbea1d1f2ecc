import Foundation
import Testing
import TestSupport

/// The recorded result of most tests without a service.
let customers = TestMachine.root.appendingPathComponent("fixtures/customers").path

/// Runs the command in a directory of its own.
func run(
    _ arguments: [String], in directory: String, environment: [String: String] = Executable.environment()
) async throws -> Executable.Outcome {
    try await Executable.run(arguments, environment: environment, directory: directory)
}

/// An error of one line with its subject, place and advice, and the status.
func expectError(
    _ outcome: Executable.Outcome, _ status: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("athena-export: error: ") }
    #expect(lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    for word in words {
        #expect(lines.first?.contains(word) == true, "\(word) in \(lines)", sourceLocation: sourceLocation)
    }
}
