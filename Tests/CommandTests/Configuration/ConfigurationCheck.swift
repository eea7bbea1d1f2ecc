import ArgumentParser
import Foundation
import JSON
import Testing
import TestSupport

@testable import athena_export

/// An alias, because Testing has a type of the same name.
typealias CommandStatus = athena_export.ExitStatus

/// The command's verdict on its arguments, without running it.
enum ConfigurationCheck: Equatable {
    case accepted
    case refused(CommandStatus, String)

    init(_ arguments: [String]) {
        self.init { try Self.configuration(arguments) }
    }

    /// The verdict on these options alone; arguments are not parsed each time.
    init(_ options: (inout RunOptions) -> Void) {
        self.init { try Self.configuration(options) }
    }

    private init(_ configure: () throws -> ExportConfiguration) {
        do {
            _ = try configure()
            self = .accepted
        } catch let error as ConfigurationError {
            self = .refused(CommandStatus(error), "\(error)")
        } catch {
            self = .refused(.usage, AthenaExportCommand.message(for: error))
        }
    }

    static func configuration(_ arguments: [String]) throws -> ExportConfiguration {
        guard let command = try AthenaExportCommand.parseAsRoot(arguments) as? RunCommand else {
            throw CleanExit.helpRequest()
        }
        return try configuration(command.options)
    }

    static func configuration(_ change: (inout RunOptions) -> Void) throws -> ExportConfiguration {
        var options = untyped
        change(&options)
        return try configuration(options)
    }

    /// That of the first table.
    private static func configuration(_ options: RunOptions) throws -> ExportConfiguration {
        try job(options).tables[0]
    }

    static func job(_ options: RunOptions) throws -> JobConfiguration {
        try JobConfiguration(options, file: try ConfigurationFile(options), workers: 1)
    }

    private static let untyped = try! RunOptions.parse([])

    /// Refused with this status, in one line that fits a terminal and contains these words.
    func expectRefused(
        _ status: CommandStatus, _ words: [String], _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .refused(status, let message) = self else {
            Issue.record("\(comment ?? ""): \(self)", sourceLocation: sourceLocation)
            return
        }
        for word in words { #expect(message.contains(word), comment, sourceLocation: sourceLocation) }
        #expect(!message.isEmpty && message.utf8.count < 1000, comment, sourceLocation: sourceLocation)
    }
}

/// Writes these bytes to a configuration file for the body.
func withConfiguration<Result>(
    _ bytes: some Sequence<UInt8>, _ body: (String) throws -> Result
) async throws -> Result {
    try await TestMachine.withTemporaryDirectory { directory in
        try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/configuration.json"))
        return try body("\(directory)/configuration.json")
    }
}

extension ConfigurationCheck {
    /// The command's verdict on a configuration file of this text.
    static func file(_ text: some Sequence<UInt8>) async throws -> ConfigurationCheck {
        try await withConfiguration(text) { path in ConfigurationCheck { $0.config = path } }
    }
}
