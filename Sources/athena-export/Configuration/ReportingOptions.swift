import Files
import Logging
import SystemPackage

/// What a run reports, and where.
struct ReportingOptions {
    var progress: ProgressChoice
    var logLevel: Logger.Level
    var logFormat: LogFormat
    var summary: SummaryFormat
    var metricsFile: FilePath?

    /// - Throws: all mistakes in these settings.
    init(_ settings: SettingsLookup) throws(ConfigurationError) {
        var mistakes = ConfigurationMistakes()
        self.init(settings, &mistakes)
        try mistakes.check()
    }

    /// The options before the settings are checked: wrong settings count as missing.
    init(asFarAsRight settings: SettingsLookup) {
        var mistakes = ConfigurationMistakes()
        self.init(settings, &mistakes)
    }

    private init(_ settings: SettingsLookup, _ mistakes: inout ConfigurationMistakes) {
        let options = settings.options.reporting
        progress = mistakes.collect(try settings.choice(.progress, options.progress)) ?? .auto
        logLevel = mistakes.collect(try settings.choice(.logLevel, options.logLevel)) ?? .info
        logFormat = mistakes.collect(try settings.choice(.logFormat, options.logFormat)) ?? .text
        summary = mistakes.collect(try settings.choice(.summary, options.summary)) ?? .text
        metricsFile = mistakes.collect(try Self.metricsFile(settings))
    }

    private static func metricsFile(_ settings: SettingsLookup) throws(ConfigurationError) -> FilePath? {
        guard let setting = try settings.path(.metricsFile, settings.options.reporting.metricsFile) else { return nil }
        let parent = setting.value.removingLastComponent()
        guard setting.value.lastComponent != nil, (parent.isEmpty ? "." : parent).resolved != nil else {
            throw setting.origin.error("\(setting.value) lies in no directory; make it first")
        }
        return setting.value
    }

    /// Writes figures for Prometheus, if they are wanted. A failure is a warning: it does not fail the command.
    func writeMetrics(_ text: String, _ logger: Logger) {
        guard let path = metricsFile else { return }
        do throws(FileError) {
            try NamedOutput.write(Array(text.utf8), to: path, permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            logger.warning("the metrics could not be written: \(error)", metadata: ["event": "metrics_not_written"])
        }
    }
}

extension Logger {
    /// The command's own: to standard error.
    ///
    /// - Parameter level: instead of the one in the options.
    init(_ options: ReportingOptions, _ console: Console, level: Logger.Level? = nil) {
        let level = level ?? options.logLevel
        self.init(label: "athena-export") { _ in
            ConsoleLogHandler(
                console: console, format: options.logFormat, logLevel: level, metadataProvider: LogContext.metadata)
        }
        logLevel = level
    }
}
