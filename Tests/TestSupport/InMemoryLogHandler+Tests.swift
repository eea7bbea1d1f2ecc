package import InMemoryLogging
package import Logging

extension InMemoryLogHandler {
    /// A handler that keeps messages of this level and above.
    package init(level: Logger.Level) {
        self.init()
        logLevel = level
    }

    /// A logger whose messages go to this handler.
    package var logger: Logger { Logger(label: "test") { _ in self } }

    package var warnings: [Entry] { entries.filter { $0.level == .warning } }

    /// All messages with their metadata, one a line.
    package var text: String { entries.map { "\($0.level) \($0.message) \($0.metadata)" }.joined(separator: "\n") }
}
