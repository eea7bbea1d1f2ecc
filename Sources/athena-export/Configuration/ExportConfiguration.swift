import Athena
import AWS
import BatchExport
import Files
import SystemPackage
import Text

/// The checked settings of options and configuration file: options beat the file, the file beats defaults.
struct ExportConfiguration {
    var export: AthenaExport.Options
    let directory: ExportDirectory
    let replay: FilePath?
    let record: FilePath?
    let aws: AWSConfiguration
    let maxAttempts: Int?
    /// Nil for the standard, which is in the options of the export.
    let queryTimeout: Duration?
    /// Also for a query that another process has started.
    let expectedBucketOwner: String?
    /// Nil if the files are not uploaded.
    let upload: S3Prefix?
    /// The KMS key of the result and of uploaded files.
    let kmsKey: String?
    /// Warnings for the user before the run begins.
    let warnings: [String]

    private static let standardStatement = "SELECT * FROM test_rows"
    /// A batch is in memory until it closes, most of it compressed.
    private static let maximumBatchBytes = 2 << 30

    init(_ options: RunOptions, workers: Int) throws(ConfigurationError) {
        try self.init(options, file: try ConfigurationFile(options), workers: workers)
    }

    /// - Parameter file: the configuration file that an option names.
    /// - Throws: all mistakes, in one error.
    init(_ options: RunOptions, file: ConfigurationFile?, workers: Int) throws(ConfigurationError) {
        let settings = SettingsLookup(options: options, file: file)
        var mistakes = ConfigurationMistakes()
        mistakes.add(file?.mistakes ?? [])

        let jobs = mistakes.collect(try settings.bounded(.jobs, options.jobs, 1...256)) ?? workers
        let table = mistakes.collect(try settings.table()) ?? ""
        let mistakesSoFar = mistakes.count
        let cursor = mistakes.collect(try settings.cursor())
        // A statement is checked with its cursor. Without a cursor that is itself invalid, the statement would seem
        // invalid as well.
        let query =
            mistakes.count == mistakesSoFar
            ? mistakes.collect(try Self.query(options, settings, cursor)) : nil
        let limits = BatchLimits(
            rows: mistakes.collect(try settings.bounded(.batchRows, options.batchRows, 1...(1 << 31)))
                ?? 100_000,
            bytes: mistakes.collect(try settings.batchBytes(1...Self.maximumBatchBytes)) ?? 128 << 20)
        let level = mistakes.collect(try settings.bounded(.compressionLevel, options.compressionLevel, 1...9))
        queryTimeout = mistakes.collect(try settings.queryTimeout())
        var export = AthenaExport.Options(
            query: query ?? .attach(""), table: table,
            export: ExportOptions(
                primaryKey: mistakes.collect(try settings.primaryKey()) ?? [],
                format: mistakes.collect(try settings.format()) ?? .csv, limits: limits,
                compressionLevel: level ?? 6, workers: jobs, cursorColumn: cursor?.value.column,
                onSchemaChange: mistakes.collect(try settings.onSchemaChange()) ?? .fail,
                changes: mistakes.collect(try settings.changes(cursor: cursor)) ?? nil),
            runID: mistakes.collect(try Self.runID(options.runID)), restart: options.restart,
            queryTimeout: queryTimeout ?? .seconds(1800),
            source: mistakes.collect(try settings.source()) ?? .auto,
            leavesQueryRunning: mistakes.collect(
                try settings.flag(.leaveQueryRunning, options.leaveQueryRunning)) ?? false)
        export.ranges.parsed = jobs
        export.cursor = cursor?.value
        export.nested = mistakes.collect(try settings.nested()) ?? .text
        export.unloadTarget = mistakes.collect(try settings.unloadTarget())
        export.keepsUnloaded = mistakes.collect(try settings.flag(.keepUnload, options.keepUnload)) ?? false
        export.prunedRuns = mistakes.collect(try settings.prunedRuns())
        upload = mistakes.collect(try settings.upload(table: table))
        kmsKey = mistakes.collect(try settings.kmsKey())
        export.upload = upload?.url
        self.export = export
        let output = mistakes.collect(try settings.path(.output, options.output))
        directory = ExportDirectory(parent: output?.value ?? "export", table: table)
        replay = mistakes.collect(try Self.path(options.replay, option: "--replay"))
        record = mistakes.collect(try Self.path(options.record, option: "--record"))
        if replay != nil, record != nil {
            mistakes.add([
                .option(
                    name: "--record", problem: "recorded answers need not be recorded again; leave out one of the two")
            ])
        }
        aws = mistakes.collect(try AWSConfiguration(options, settings)) ?? .unset
        maxAttempts = aws.explicit.maxAttempts
        expectedBucketOwner = mistakes.collect(try settings.expectedBucketOwner())
        let reporting = mistakes.collect(try ReportingOptions(settings))
        var warnings: [String] = []
        if file?.exposesKeys == true {
            warnings.append("\(options.config ?? "") has AWS keys and can be read by other users; chmod 600 it")
        }
        // Another table than the first example's is hardly meant to have its statement.
        let isOther = file?.isForTable == true || table != SettingsLookup.standardTable
        if isOther, options.queryExecutionID == nil, options.replay == nil,
            case .standard? = try? settings.statement()
        {
            warnings.append("table \(table) has no query; \(Self.standardStatement) is run for it")
        }
        self.warnings = warnings
        try mistakes.check()
        var inputs = ProtectedPlaces.inputs(config: file?.path, isLive: replay == nil)
        if case .file(let setting) = try settings.statement(), case .file(let path) = setting.value {
            inputs.append((path, "the query file"))
        }
        try checkOutputs(output: output?.value ?? "export", metrics: reporting?.metricsFile, inputs: inputs)
    }

    private static func path(_ text: String?, option: String) throws(ConfigurationError) -> FilePath? {
        guard let text else { return nil }
        return try LocalPath.parse(text, .option(option))
    }

    private static func runID(_ text: String?) throws(ConfigurationError) -> String? {
        guard let text else { return nil }
        guard (1...128).contains(text.utf8.count), text.isVisibleASCII else {
            throw .option(name: "--run-id", problem: "a run's name is 1 to 128 visible ASCII characters")
        }
        return text
    }

    private static func query(
        _ options: RunOptions, _ settings: SettingsLookup, _ cursor: Setting<AthenaExport.CursorChoice>?
    ) throws(ConfigurationError) -> AthenaExport.QueryChoice {
        if let id = options.queryExecutionID {
            if options.query != nil || options.queryFile != nil || !options.parameter.isEmpty {
                throw .option(
                    name: "--query-execution-id",
                    problem: "it names a query that exists; leave out --query, --query-file and --parameter")
            }
            guard AthenaClient.isQueryExecutionID(id) else {
                throw .option(name: "--query-execution-id", problem: "that is no QueryExecutionId")
            }
            if let cursor {
                throw cursor.origin.error("a query that exists has nowhere to put the cursor; leave it out")
            }
            return .attach(id)
        }
        var mistakes = ConfigurationMistakes()
        let statement = mistakes.collect(try statement(options, settings))
        let parameters = mistakes.collect(try settings.parameters())
        if let statement, mistakes.count == 0 {
            let template = CursorTemplate(statement.value)
            _ = mistakes.collect(try template.check(cursor, parameters, in: statement.origin))
            if mistakes.count == 0 { _ = mistakes.collect(try settings.checkOwnStatement(statement)) }
        }
        let query = AthenaQuery(
            statement: statement?.value ?? "", parameters: parameters?.value ?? [],
            database: mistakes.collect(try settings.string(.database, options.database))?.value,
            catalog: mistakes.collect(try settings.string(.catalog, options.catalog))?.value,
            workGroup: mistakes.collect(try settings.workGroup()),
            outputLocation: mistakes.collect(try settings.outputLocation()),
            expectedBucketOwner: mistakes.collect(try settings.expectedBucketOwner()),
            kmsKey: mistakes.collect(try settings.kmsKey()),
            reusedResultMinutes: mistakes.collect(try settings.reusedResultMinutes()))
        try mistakes.check()
        return .start(query)
    }

    private static func statement(
        _ options: RunOptions, _ settings: SettingsLookup
    ) throws(ConfigurationError) -> Setting<String> {
        let text: Setting<String>
        switch try settings.statement() {
        case .text(let setting): text = setting
        case .file(let setting):
            let bytes = try setting.value.read(limit: 1 << 20, purpose: "the query file (\(setting.origin))").bytes
            guard let string = SavedText.text(bytes) else {
                let found =
                    SavedText.isUTF16(bytes) ? "UTF-16 text; save it as UTF-8" : "not UTF-8 text; save it as such"
                throw setting.origin.error("\(setting.value) is \(found)")
            }
            text = Setting(value: string, origin: setting.origin)
        case .standard: return Setting(value: standardStatement, origin: .option("--query"))
        }
        guard !StatementScanner(text.value).isEmpty else {
            throw text.origin.error("the statement is empty or has only comments; give a query")
        }
        guard text.value.utf8.count <= AthenaQuery.maximumBytes else {
            throw text.origin.error(
                "the statement has \(text.value.utf8.count) bytes; Athena takes \(AthenaQuery.maximumBytes) at most")
        }
        return text
    }
}
