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
        let options = settings.options
        progress = mistakes.collect(try settings.choice(.progress, options.progress)) ?? .auto
        logLevel = mistakes.collect(try settings.choice(.logLevel, options.logLevel)) ?? .info
        logFormat = mistakes.collect(try settings.choice(.logFormat, options.logFormat)) ?? .text
        summary = mistakes.collect(try settings.choice(.summary, options.summary)) ?? .text
        metricsFile = mistakes.collect(try Self.metricsFile(settings))
    }

    private static func metricsFile(_ settings: SettingsLookup) throws(ConfigurationError) -> FilePath? {
        guard let setting = try settings.path(.metricsFile, settings.options.metricsFile) else { return nil }
        let parent = setting.value.removingLastComponent()
        guard setting.value.lastComponent != nil, (parent.isEmpty ? "." : parent).resolved != nil else {
            throw setting.origin.error("\(setting.value) lies in no directory; make it first")
        }
        return setting.value
    }
}
