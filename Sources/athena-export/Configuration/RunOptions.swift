import ArgumentParser
import BatchExport

/// The typed options. ``ExportConfiguration`` has their meaning; an option that is missing is nil here.
struct RunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "JSON configuration, - for standard input; an option beats its key.", valueName: "file"),
        completion: .file())
    var config: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The statement; one of your own needs --table and --key or --write-mode append (default: SELECT * FROM test_rows).",
            valueName: "sql"))
    var query: String?

    @Option(
        help: ArgumentHelp("A file with the statement, - for standard input.", valueName: "file"), completion: .file())
    var queryFile: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Execution parameter for each ? in the statement, as an SQL literal: 42 or 'text'. Repeatable.",
            valueName: "literal"))
    var parameter: [String] = []

    @Option(
        help: ArgumentHelp(
            "The cursor column: its highest value so far takes the place of {cursor} in the statement.",
            valueName: "column"))
    var cursorColumn: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What {cursor} is in the first run: 0, 2026-01-31, 2026-01-31T02:03:04Z, or an SQL literal.",
            valueName: "value"))
    var cursorStart: String?

    @Option(help: ArgumentHelp("Export the result of a query that exists; nothing is started.", valueName: "id"))
    var queryExecutionID: String?

    @Option(help: "Database that unqualified table names belong to.")
    var database: String?

    @Option(help: "Data catalog (default: AwsDataCatalog).")
    var catalog: String?

    @Option(help: "Work group that the query runs in.")
    var workGroup: String?

    @Option(help: ArgumentHelp("Where Athena puts the result, unless the work group says so.", valueName: "s3://…"))
    var stagingDir: String?

    @Option(
        help: ArgumentHelp(
            "The account that the buckets of the result and of --upload must belong to.", valueName: "account"))
    var expectedBucketOwner: String?

    @Option(
        help: ArgumentHelp(
            "Encrypt the result, and what --upload sends, with this KMS key (SSE-KMS).", valueName: "arn"))
    var kmsKey: String?

    @Option(
        help: ArgumentHelp(
            "Take the result of an equal query that is no older than this, such as 60m, instead of running the query.",
            valueName: "time"))
    var reuseResults: TimeLimit?

    @OptionGroup var aws: AWSArguments

    @Option(help: "Destination table (default: customers).")
    var table: String?

    @Option(help: ArgumentHelp("Column of the primary key (default: customer_id). Repeatable.", valueName: "column"))
    var key: [String] = []

    @Option(help: "Whether a row takes the place of the one with its key, or every row is added (default: upsert).")
    var writeMode: WriteMode?

    @Option(
        help: "What happens if the result has other columns than the directory: new ones can be added (default: fail).")
    var onSchemaChange: SchemaChangePolicy?

    @Option(help: "File format (default: csv).")
    var format: FormatChoice?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Parent directory of the table's (default: export).", valueName: "dir"),
        completion: .directory)
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Upload the table's files to this prefix once the run has succeeded; see the command upload.",
            valueName: "s3://…"))
    var upload: String?

    @Option(help: ArgumentHelp("Rows after which a batch closes (default: 100000).", valueName: "n"))
    var batchRows: Int?

    @Option(help: ArgumentHelp("Encoded bytes after which a batch closes (default: 128MiB).", valueName: "size"))
    var batchBytes: ByteCount?

    @Option(help: ArgumentHelp("zlib level, 1 to 9 (default: 6).", valueName: "n"))
    var compressionLevel: Int?

    @Option(help: "How result rows are read; unload is experimental (default: auto).")
    var source: SourceChoice?

    @Option(
        help: ArgumentHelp(
            "Where --source unload writes (default: athena-export-unload/ in the staging directory).",
            valueName: "s3://…"))
    var unloadTo: String?

    @Flag(inversion: .prefixedNo, help: "Do not remove what --source unload has written once the run has succeeded.")
    var keepUnload: Bool?

    @Option(
        help: "Arrays, maps and rows as Athena's text, or as JSON; unload always gives JSON (default: text).")
    var nested: NestedChoice?

    @Option(
        help: ArgumentHelp(
            "Chunks compressed and parts of a result object parsed at a time (default: the cores that the process may use).",
            valueName: "n"))
    var jobs: Int?

    @Option(
        help: ArgumentHelp(
            "Of a configuration with several tables, export this one alone. Repeatable.", valueName: "table"))
    var only: [String] = []

    @Option(help: ArgumentHelp("Tables of a configuration exported at a time (default: 4).", valueName: "n"))
    var parallel: Int?

    @Option(
        help: ArgumentHelp("Answer every AWS call from recorded responses.", valueName: "dir"),
        completion: .directory)
    var replay: String?

    @Option(
        help: ArgumentHelp("Record every AWS response while running.", valueName: "dir"), completion: .directory)
    var record: String?

    @Option(help: ArgumentHelp("How long the query may take, such as 90s or 2h (default: 30m).", valueName: "time"))
    var queryTimeout: TimeLimit?

    @Option(
        help: ArgumentHelp(
            "Name of the run, such as a scheduler's logical date; one that has succeeded is not run again.",
            valueName: "id"))
    var runID: String?

    @Flag(help: "Give up an unfinished run and start a new one.")
    var restart = false

    @Option(
        help: ArgumentHelp(
            "Each run brings the whole table: keep the newest n such runs, remove the batches before them.",
            valueName: "n"))
    var pruneRuns: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "Write only rows that are new or changed, and the keys that are gone; the query brings the whole table.")
    var changesOnly: Bool?

    @Option(
        help: ArgumentHelp(
            "With --changes-only: if more of the table's keys are gone, none is deleted (default: 50).",
            valueName: "percent"))
    var maxDeletes: Int?

    @Flag(inversion: .prefixedNo, help: "Do not stop the query in Athena when interrupted or out of time.")
    var leaveQueryRunning: Bool?

    @OptionGroup var reporting: ReportingArguments
}
