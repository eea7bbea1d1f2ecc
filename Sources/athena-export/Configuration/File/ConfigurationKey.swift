/// A key of the configuration file.
enum ConfigurationKey: String, CaseIterable {
    // The keys of the connector that this program replaces.
    case accessKeyID = "aws_access_key_id"
    case secretAccessKey = "aws_secret_access_key"
    case sessionToken = "aws_session_token"
    case region = "region_name"
    case database = "database_name"
    case stagingDir = "s3_staging_dir"

    case expectedBucketOwner = "expected_bucket_owner"
    case kmsKey = "kms_key"
    case reuseResults = "reuse_results"
    case profile = "profile_name"
    case catalog = "catalog_name"
    case workGroup = "work_group"
    case endpointURL = "endpoint_url"
    case query
    case queryFile = "query_file"
    case parameters
    case queryTimeout = "query_timeout"
    case leaveQueryRunning = "leave_query_running"
    case cursorColumn = "cursor_column"
    case cursorStart = "cursor_start"
    case tables
    case table
    case primaryKey = "primary_key"
    case writeMode = "write_mode"
    case onSchemaChange = "on_schema_change"
    case format
    case output
    case upload
    case batchRows = "batch_rows"
    case batchBytes = "batch_bytes"
    case compressionLevel = "compression_level"
    case jobs
    case parallel
    case source
    case unloadTo = "unload_to"
    case keepUnload = "keep_unload"
    case nested
    case maxAttempts = "max_attempts"
    case pruneRuns = "prune_runs"
    case changesOnly = "changes_only"
    case maxDeletes = "max_deletes"
    case progress
    case logLevel = "log_level"
    case logFormat = "log_format"
    case summary
    case metricsFile = "metrics_file"

    /// The option of `run` that beats the key; nil for the credentials, which must not be arguments,
    /// and for the tables.
    var option: String? {
        switch self {
        case .accessKeyID, .secretAccessKey, .sessionToken, .tables: nil
        case .region: "--region"
        case .database: "--database"
        case .stagingDir: "--staging-dir"
        case .profile: "--profile"
        case .catalog: "--catalog"
        case .parameters: "--parameter"
        case .primaryKey: "--key"
        default: "--" + rawValue.map { $0 == "_" ? "-" : String($0) }.joined()
        }
    }

    /// The kind of JSON value of a key.
    enum Kind {
        case text, texts, number, flag
        /// A number of bytes, or a text such as `128MiB`.
        case size
        /// An array of objects, each with keys of its own.
        case tables
    }

    var kind: Kind {
        switch self {
        case .parameters, .primaryKey: .texts
        case .batchRows, .compressionLevel, .jobs, .parallel, .maxAttempts, .pruneRuns, .maxDeletes: .number
        case .batchBytes: .size
        case .tables: .tables
        case .leaveQueryRunning, .keepUnload, .changesOnly: .flag
        default: .text
        }
    }

    /// Whether the value may contain what is a slip in other values: line ends, blanks at its ends, angle brackets.
    var isFreeText: Bool { self == .query || self == .parameters }
}

// MARK: - Suggestions

extension ConfigurationKey {
    /// Options that belong to one command and not to a file.
    static let withoutKey = [
        "config", "restart", "run_id", "only", "record", "replay", "query_execution_id",
    ]

    /// Names of the same settings in other tools.
    private static let otherNames: [String: ConfigurationKey] = [
        "schema": .database, "schema_name": .database, "output_location": .stagingDir, "workgroup": .workGroup,
        "access_key": .accessKeyID, "secret_key": .secretAccessKey, "keys": .primaryKey, "params": .parameters,
        "sql": .query, "statement": .query, "timeout": .queryTimeout, "output_dir": .output, "level": .logLevel,
    ]

    /// Advice about an unknown key.
    static func advice(for name: String) -> String {
        let plain = String(name.lowercased().map { $0 == "-" ? "_" : $0 })
        if withoutKey.contains(plain) {
            return "\(Self.optionName(plain)) belongs to one run and has no key; give it on the command line"
        }
        guard let key = meant(by: plain) else {
            return
                "there is no such key; most keys have the name of their option in athena-export run --help, with underscores"
        }
        return "there is no such key; did you mean \(key.rawValue)?"
    }

    private static func meant(by name: String) -> ConfigurationKey? {
        allNames[name] ?? Suggestion.nearest(to: name, among: allNames.keys).flatMap { allNames[$0] }
    }

    /// The keys by every name that they may be given. Made once: a file may have many unknown keys.
    private static let allNames: [String: ConfigurationKey] = {
        var names = otherNames
        for key in allCases {
            names[key.rawValue] = key
            if let option = key.option {
                names[option.dropFirst(2).map { $0 == "-" ? "_" : String($0) }.joined()] = key
            }
        }
        return names
    }()

    private static func optionName(_ key: String) -> String {
        "--" + key.map { $0 == "_" ? "-" : String($0) }.joined()
    }

    /// The option of a key, for a key that is typed on the command line.
    static func option(forKey name: String) -> String? {
        let plain = String(name.map { $0 == "-" ? "_" : $0 })
        return (Self(rawValue: plain) ?? otherNames[plain])?.option
    }
}
