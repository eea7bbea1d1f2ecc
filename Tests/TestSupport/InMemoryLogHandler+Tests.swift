public import InMemoryLogging
public import Logging

extension InMemoryLogHandler {
    /// A handler that keeps messages of this level and above.
    public init(level: Logger.Level) {
        self.init()
        logLevel = level
    }

    /// A logger whose messages go to this handler.
    public var logger: Logger { Logger(label: "test") { _ in self } }

    public var warnings: [Entry] { entries.filter { $0.level == .warning } }

    /// All messages with their metadata, one a line.
    public var text: String { entries.map { "\($0.level) \($0.message) \($0.metadata)" }.joined(separator: "\n") }
}
