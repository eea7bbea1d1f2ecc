import Athena
import AWS
import BatchExport

/// Looks each setting up where it may be made: option first, configuration file second.
struct SettingsLookup {
    let options: RunOptions
    let file: ConfigurationFile?

    func string(_ option: String, _ value: String?, _ key: String) throws(ConfigurationError) -> Setting<String>? {
        guard let value else { return try file?.string(key) }
        let origin = SettingOrigin.option(option)
        guard !value.isEmpty, value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
            throw origin.error("the value is empty or holds a control character")
        }
        return Setting(value: value, origin: origin)
    }

    func bounded(
        _ option: String, _ value: Int?, _ key: String, _ range: ClosedRange<Int>, _ standard: Int
    ) throws(ConfigurationError) -> Int {
        let setting: Setting<Int>?
        if let value {
            setting = Setting(value: value, origin: .option(option))
        } else {
            setting = try file?.integer(key)
        }
        guard let setting else { return standard }
        guard range.contains(setting.value) else {
            throw setting.origin.error("\(setting.value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return setting.value
    }

    func batchBytes(_ range: ClosedRange<Int>, default standard: Int) throws(ConfigurationError) -> Int {
        let typed = options.batchBytes.map { Setting(value: $0, origin: .option("--batch-bytes")) }
        let setting: Setting<ByteCount>?
        if let typed { setting = typed } else { setting = try file?.byteCount("batch_bytes") }
        guard let setting else { return standard }
        guard range.contains(setting.value.bytes) else {
            throw setting.origin.error(
                "\(setting.value.bytes) bytes are not from \(range.lowerBound) to \(range.upperBound)")
        }
        return setting.value.bytes
    }

    func format() throws(ConfigurationError) -> FileFormat {
        if let format = options.format { return format }
        return try choice("format") ?? .csv
    }

    func source() throws(ConfigurationError) -> SourceMode {
        let source: SourceChoice
        if let typed = options.source { source = typed } else { source = try choice("source") ?? .auto }
        switch source {
        case .auto: return .auto
        case .api: return .api
        case .s3 where options.replay == nil && options.record == nil: return .s3
        case .s3, .unload:
            let problem =
                source == .s3
                ? "s3 cannot be recorded or replayed, only the answers of Athena's API are; use auto or api"
                : "\(source.rawValue) is not there yet in this version; use auto, api or s3"
            if options.source != nil { throw .option(name: "--source", problem: problem) }
            throw try file?.string("source")?.origin.error(problem) ?? .option(name: "--source", problem: problem)
        }
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String
    ) throws(ConfigurationError) -> Choice? where Choice.RawValue == String {
        guard let setting = try file?.string(key) else { return nil }
        guard let choice = Choice(rawValue: setting.value) else {
            throw setting.origin.error(
                "\"\(setting.value.shown(limit: 80))\" is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return choice
    }
}

// MARK: - The statement

extension SettingsLookup {
    enum Statement {
        case text(Setting<String>)
        case file(Setting<String>)
        case standard
    }

    func statement() throws(ConfigurationError) -> Statement {
        if let query = options.query {
            guard options.queryFile == nil else {
                throw .option(
                    name: "--query-file", problem: "the statement is given with --query as well; leave out one")
            }
            return .text(Setting(value: query, origin: .option("--query")))
        }
        if let path = try string("--query-file", options.queryFile, "") { return .file(path) }
        let query = try file?.string("query")
        let queryFile = try file?.string("query_file")
        if let query {
            if let queryFile { throw queryFile.origin.error("the statement is given with query as well; remove one") }
            return .text(query)
        }
        return queryFile.map { .file($0) } ?? .standard
    }

    func parameters() throws(ConfigurationError) -> Setting<[String]>? {
        let setting: Setting<[String]>?
        if options.parameter.isEmpty {
            setting = try file?.strings("parameters")
        } else {
            setting = Setting(value: options.parameter, origin: .option("--parameter"))
        }
        // Athena's limit for one of ExecutionParameters.
        for (index, value) in (setting?.value ?? []).enumerated() where !(1...1024).contains(value.count) {
            throw setting!.origin.error("value \(index + 1) has \(value.count) characters; Athena takes 1 to 1024")
        }
        return setting
    }

    func workGroup() throws(ConfigurationError) -> String? {
        guard let setting = try string("--work-group", options.workGroup, "work_group") else { return nil }
        let isValid =
            (1...128).contains(setting.value.utf8.count)
            && setting.value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard isValid else {
            throw setting.origin.error("a work group's name is 1 to 128 letters, digits, dots, underscores and hyphens")
        }
        return setting.value
    }

    func outputLocation() throws(ConfigurationError) -> String? {
        guard let setting = try string("--staging-dir", options.stagingDir, "s3_staging_dir") else { return nil }
        guard setting.value.hasPrefix("s3://") else {
            throw setting.origin.error("it does not begin with s3://; give it as s3://bucket/prefix/")
        }
        let path = setting.value.dropFirst(5)
        let bucket = path.prefix { $0 != "/" }
        guard S3Location.isBucket(bucket) else {
            throw setting.origin.error(
                "\"\(bucket.shown(limit: 80))\" is no name of an S3 bucket; give it as s3://bucket/prefix/")
        }
        guard !path.split(separator: "/").contains("..") else {
            throw setting.origin.error("it holds .., which S3 does not resolve; give the path without it")
        }
        return setting.value
    }

    func expectedBucketOwner() throws(ConfigurationError) -> String? {
        let setting = try string("--expected-bucket-owner", options.expectedBucketOwner, "expected_bucket_owner")
        guard let setting else { return nil }
        guard S3Client.isAccountNumber(setting.value) else {
            throw setting.origin.error("an account's number has 12 digits; give it as 111122223333")
        }
        return setting.value
    }
}

// MARK: - The destination

extension SettingsLookup {
    func table() throws(ConfigurationError) -> String {
        guard let setting = try string("--table", options.table, "table") else { return "customers" }
        let name = setting.value
        guard ExportDirectory.isTableName(name) else {
            throw setting.origin.error(
                "\"\(name.shown(limit: 80))\" cannot name a directory; use 1 to 200 letters, digits, _, - and ., "
                    + "beginning with a letter or digit")
        }
        return name
    }

    func primaryKey() throws(ConfigurationError) -> [String] {
        let setting: Setting<[String]>?
        if options.key.isEmpty {
            setting = try file?.strings("primary_key")
        } else {
            setting = Setting(value: options.key, origin: .option("--key"))
        }
        guard let setting else { return ["customer_id"] }
        guard !setting.value.isEmpty, !setting.value.contains("") else {
            throw setting.origin.error("the key needs at least one column, and every column a name")
        }
        guard Set(setting.value).count == setting.value.count else {
            throw setting.origin.error("a column stands twice; name each once")
        }
        return setting.value
    }
}
