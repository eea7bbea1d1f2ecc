import ArgumentParser
import Athena
import AWS
import BatchExport
import SystemPackage
import Text

/// Looks each setting up in its sources: the option first, the configuration file second.
struct SettingsLookup {
    let options: RunOptions
    let file: ConfigurationFile?

    func string(_ key: ConfigurationKey, _ typed: String?) throws(ConfigurationError) -> Setting<String>? {
        guard let typed = typed.map({ setting($0, key) }) else { return try file?.string(key) }
        guard !typed.value.isEmpty, !typed.value.hasASCIIControl
        else { throw typed.origin.error("the value is empty or contains a control character") }
        return typed
    }

    /// A relative path in the file starts from the file's directory.
    func path(_ key: ConfigurationKey, _ typed: String?) throws(ConfigurationError) -> Setting<FilePath>? {
        let role: LocalPath.Role = key == .output ? .output : .other
        if let typed = typed.map({ setting($0, key) }) {
            return try typed.map { (text) throws(ConfigurationError) in try LocalPath.parse(text, typed.origin, role) }
        }
        guard let file, let setting = try file.string(key) else { return nil }
        return try setting.map { (text) throws(ConfigurationError) in
            try LocalPath.parse(text, setting.origin, role, from: file.directory)
        }
    }

    func bounded(
        _ key: ConfigurationKey, _ typed: Int?, _ range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int? {
        let found: Setting<Int>?
        if let typed { found = setting(typed, key) } else { found = try file?.integer(key) }
        guard let found else { return nil }
        guard range.contains(found.value) else {
            throw found.origin.error("\(found.value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return found.value
    }

    func batchBytes(_ range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        let found: Setting<ByteCount>?
        if let typed = options.batchBytes {
            found = setting(typed, .batchBytes)
        } else {
            found = try file?.byteCount(.batchBytes)
        }
        guard let found else { return nil }
        guard range.contains(found.value.bytes) else {
            throw found.origin.error(
                "\(found.value.bytes) bytes are not from \(range.lowerBound) to \(range.upperBound)")
        }
        return found.value.bytes
    }

    func queryTimeout() throws(ConfigurationError) -> Duration? {
        guard let found = try time(.queryTimeout, options.queryTimeout) else { return nil }
        guard found.value > .zero else { throw found.origin.error("a query needs some time; give 1s or more") }
        return found.value
    }

    func time(_ key: ConfigurationKey, _ typed: TimeLimit?) throws(ConfigurationError) -> Setting<Duration>? {
        if let typed { return setting(typed.duration, key) }
        guard let setting = try file?.string(key) else { return nil }
        return try setting.map { (text) throws(ConfigurationError) in
            guard let limit = TimeLimit(argument: text) else {
                throw setting.origin.error("\"\(text.shown(limit: 80))\" is no length of time; write \(ValueForm.time)")
            }
            return limit.duration
        }
    }

    func flag(_ key: ConfigurationKey, _ typed: Bool?) throws(ConfigurationError) -> Bool {
        if let typed { return typed }
        return try file?.flag(key)?.value ?? false
    }

    func choice<Choice: RawRepresentable & ExpressibleByArgument>(
        _ key: ConfigurationKey, _ typed: Choice?
    ) throws(ConfigurationError) -> Choice? where Choice.RawValue == String {
        if let typed { return typed }
        guard let setting = try file?.string(key) else { return nil }
        guard let choice = Choice(rawValue: setting.value) else {
            let form = ValueForm.oneOf(Choice.allValueStrings, given: setting.value)
            throw setting.origin.error("\"\(setting.value.shown(limit: 80))\" is not one of its values; \(form)")
        }
        return choice
    }

    func format() throws(ConfigurationError) -> FileFormat? {
        switch options.format {
        case .file(let format)?: return format
        case .answer(let answer)?:
            let form = ValueForm.oneOf(FormatChoice.allValueStrings, given: answer.rawValue)
            throw .option(name: "--format", problem: "\"\(answer.rawValue)\" is none of its values; \(form)")
        case nil: return try choice(.format, nil as FileFormat?)
        }
    }

    func source() throws(ConfigurationError) -> SourceMode {
        switch try choice(.source, options.source) ?? .auto {
        case .auto: return .auto
        case .api: return .api
        case .s3 where options.replay == nil && options.record == nil: return .s3
        case .unload where options.replay == nil && options.record == nil: return .unload
        case .s3, .unload:
            throw try origin(of: .source, isTyped: options.source != nil).error(
                "s3 and unload read objects, and only the answers of Athena's API can be recorded and replayed; use auto or "
                    + "api")
        }
    }

    func origin(of key: ConfigurationKey, isTyped: Bool) throws(ConfigurationError) -> SettingOrigin {
        isTyped ? .option(key.option ?? key.rawValue) : file?.origin(of: key) ?? .option(key.option ?? key.rawValue)
    }

    /// A typed value.
    func setting<Value>(_ value: Value, _ key: ConfigurationKey) -> Setting<Value> {
        Setting(value: value, origin: .option(key.option ?? key.rawValue))
    }
}

// MARK: - The statement

extension SettingsLookup {
    enum Statement {
        case text(Setting<String>)
        case file(Setting<InputPath>)
        case standard
    }

    func statement() throws(ConfigurationError) -> Statement {
        if let query = options.query {
            guard options.queryFile == nil else {
                throw .option(
                    name: "--query-file", problem: "the statement is given with --query as well; leave out one")
            }
            return .text(setting(query, .query))
        }
        if let typed = options.queryFile.map({ setting($0, .queryFile) }) {
            if typed.value == "-", options.config == "-" {
                throw typed.origin.error("standard input is the configuration already; give one of them as a file")
            }
            return .file(
                try typed.map { (text) throws(ConfigurationError) in try InputPath(text, typed.origin) })
        }
        let query = try file?.string(.query)
        guard let file, let queryFile = try file.string(.queryFile) else { return query.map { .text($0) } ?? .standard }
        guard query == nil else {
            throw queryFile.origin.error("the statement is given with query as well; remove one")
        }
        return .file(
            try queryFile.map { (text) throws(ConfigurationError) in
                try InputPath(text, queryFile.origin, from: file.directory)
            })
    }

    func parameters() throws(ConfigurationError) -> Setting<[String]>? {
        let given =
            options.parameter.isEmpty ? try file?.strings(.parameters) : setting(options.parameter, .parameters)
        guard let setting = given else { return nil }
        // Athena's limit for one of ExecutionParameters.
        for (index, value) in setting.value.enumerated() where !(1...1024).contains(value.count) {
            throw setting.origin.error("value \(index + 1) has \(value.count) characters; Athena takes 1 to 1024")
        }
        return setting
    }

    func workGroup() throws(ConfigurationError) -> String? {
        guard let setting = try string(.workGroup, options.workGroup) else { return nil }
        let isValid =
            (1...128).contains(setting.value.utf8.count)
            && setting.value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard isValid else {
            throw setting.origin.error("a work group's name is 1 to 128 letters, digits, dots, underscores and hyphens")
        }
        return setting.value
    }
}

// MARK: - The destination

extension SettingsLookup {
    /// That of the example which this program replaces, as is the statement.
    static let standardTable = "customers"

    func table() throws(ConfigurationError) -> String {
        guard let setting = try string(.table, options.table) else { return Self.standardTable }
        let name = setting.value
        guard ExportDirectory.isTableName(name) else {
            throw setting.origin.error(
                "\"\(name.shown(limit: 80))\" cannot name a directory; use 1 to 200 letters, digits, _, - and ., "
                    + "beginning with a letter or digit")
        }
        return name
    }
}
