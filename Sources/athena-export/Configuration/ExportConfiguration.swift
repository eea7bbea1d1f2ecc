import Athena
import BatchExport
import Files
import SystemPackage

/// What the options and the configuration file mean together, checked: options beat the file, the file beats defaults.
struct ExportConfiguration {
    let export: AthenaExport.Options
    let directory: ExportDirectory
    let replay: FilePath?
    let record: FilePath?
    let aws: AWSConfiguration
    let maxAttempts: Int?
    /// Also of a query that somebody else has started.
    let expectedBucketOwner: String?
    /// What the user should know before the run begins.
    let warnings: [String]

    /// Athena's limit, in bytes of UTF-8 (service quotas: "maximum query string length").
    private static let maximumQueryBytes = 262_144
    /// A batch is held in memory until it closes, most of it compressed.
    private static let maximumBatchBytes = 2 << 30

    init(_ options: RunOptions, workers: Int) throws(ConfigurationError) {
        let file: ConfigurationFile?
        if let config = try Self.path(options.config, option: "--config") {
            file = try ConfigurationFile(reading: config)
        } else {
            file = nil
        }
        try self.init(options, file: file, workers: workers)
    }

    /// - Parameter file: what the option that names one has led to.
    init(_ options: RunOptions, file: ConfigurationFile?, workers: Int) throws(ConfigurationError) {
        let settings = SettingsLookup(options: options, file: file)

        if options.queryTimeout?.duration == .zero {
            throw .option(name: "--query-timeout", problem: "a query needs some time; give 1s or more")
        }
        let jobs = options.jobs ?? workers
        guard (1...256).contains(jobs) else { throw .option(name: "--jobs", problem: "\(jobs) is not from 1 to 256") }
        let table = try settings.table()
        let cursor = try settings.cursor()
        var export = AthenaExport.Options(
            query: try Self.query(options, settings, cursor), table: table,
            export: ExportOptions(
                primaryKey: try settings.primaryKey(), format: try settings.format(),
                limits: BatchLimits(
                    rows: try settings.bounded("--batch-rows", options.batchRows, "batch_rows", 1...(1 << 31), 100_000),
                    bytes: try settings.batchBytes(1...Self.maximumBatchBytes, default: 128 << 20)),
                compressionLevel: try settings.bounded(
                    "--compression-level", options.compressionLevel, "compression_level", 1...9, 6),
                workers: jobs, cursorColumn: cursor?.value.column),
            runID: try Self.runID(options.runID), restart: options.restart,
            queryTimeout: options.queryTimeout?.duration ?? .seconds(1800), source: try settings.source(),
            leavesQueryRunning: options.leaveQueryRunning)
        export.ranges.parsed = jobs
        export.cursor = cursor?.value
        export.prunedRuns = try settings.prunedRuns()
        self.export = export
        let output = try settings.string("--output", options.output, "output")?.value ?? "export"
        directory = ExportDirectory(parent: FilePath(output), table: table)
        replay = try Self.path(options.replay, option: "--replay")
        record = try Self.path(options.record, option: "--record")
        let metrics = try Self.path(options.metricsFile, option: "--metrics-file")
        if let metrics {
            let parent = metrics.removingLastComponent()
            guard metrics.lastComponent != nil, (parent.isEmpty ? "." : parent).resolved != nil else {
                throw .option(name: "--metrics-file", problem: "\(metrics) lies in no directory; make it first")
            }
        }
        if replay != nil, record != nil {
            throw .option(
                name: "--record", problem: "recorded answers need not be recorded again; leave out one of the two")
        }
        aws = try AWSConfiguration(options, settings)
        if let attempts = options.maxAttempts, !(1...1000).contains(attempts) {
            throw .option(name: "--max-attempts", problem: "\(attempts) is not from 1 to 1000")
        }
        maxAttempts = options.maxAttempts
        expectedBucketOwner = try settings.expectedBucketOwner()
        warnings =
            file?.exposesKeys == true
            ? ["\(options.config ?? "") holds AWS keys and can be read by others; chmod 600 it"] : []
        var inputs = ProtectedPlaces.inputs(config: file?.path, isLive: replay == nil)
        if case .file(let path) = try settings.statement() {
            inputs.append((FilePath(path.value), "the query file"))
        }
        try checkOutputs(output: FilePath(output), metrics: metrics, inputs: inputs)
    }

    private static func path(_ text: String?, option: String) throws(ConfigurationError) -> FilePath? {
        guard let text else { return nil }
        guard !text.isEmpty else { throw .option(name: option, problem: "the path is empty; name a file or directory") }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
            throw .option(name: option, problem: "the path holds a control character; name it without")
        }
        return FilePath(text)
    }

    private static func runID(_ text: String?) throws(ConfigurationError) -> String? {
        guard let text else { return nil }
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
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
            guard (1...128).contains(id.utf8.count), id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw .option(name: "--query-execution-id", problem: "that is no QueryExecutionId")
            }
            if let cursor {
                throw cursor.origin.error("a query that exists has nowhere to put the cursor; leave it out")
            }
            return .attach(id)
        }
        let statement = try statement(options, settings)
        let parameters = try settings.parameters()
        try CursorTemplate(statement.value).check(cursor, parameters, in: statement.origin)
        try settings.checkOwnStatement(statement)
        return .start(
            AthenaQuery(
                statement: statement.value, parameters: parameters?.value ?? [],
                database: try settings.string("--database", options.database, "database_name")?.value,
                catalog: try settings.string("--catalog", options.catalog, "catalog_name")?.value,
                workGroup: try settings.workGroup(), outputLocation: try settings.outputLocation(),
                expectedBucketOwner: try settings.expectedBucketOwner()))
    }

    private static func statement(
        _ options: RunOptions, _ settings: SettingsLookup
    ) throws(ConfigurationError) -> Setting<String> {
        let text: Setting<String>
        switch try settings.statement() {
        case .text(let setting): text = setting
        case .file(let setting):
            do {
                let bytes = try BoundedFile.read(FilePath(setting.value), limit: 1 << 20).bytes
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    throw setting.origin.error("\(setting.value) is not UTF-8 text")
                }
                text = Setting(value: string, origin: setting.origin)
            } catch let failure as BoundedFile.Failure {
                throw .unreadable(failure, purpose: "the query file")
            } catch let error as ConfigurationError {
                throw error
            } catch {
                throw setting.origin.error("\(error)")
            }
        case .standard: return Setting(value: "SELECT * FROM test_rows", origin: .option("--query"))
        }
        guard !StatementScanner(text.value).isEmpty else {
            throw text.origin.error("the statement is empty, or holds nothing but comments; give a query")
        }
        guard text.value.utf8.count <= maximumQueryBytes else {
            throw text.origin.error(
                "the statement has \(text.value.utf8.count) bytes; Athena takes \(maximumQueryBytes) at most")
        }
        return text
    }
}
