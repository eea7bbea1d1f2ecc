import ArgumentParser
import AWS
import BatchExport
import SystemPackage

/// Prints the script that loads an export into a database, for the database's own tool.
struct LoaderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loader",
        abstract: "Print what loads an export: a script for a database or warehouse, or a datapackage.json.",
        discussion: """
            The script makes the table if it is missing, with the manifest's types, and applies the batches in order, \
            each in a transaction that also notes it in the table athena_export_loads: a script that was stopped, or \
            printed again after the next run, continues after the last batch loaded. A file that differs from the \
            manifest stops it and leaves the table as it was. The scripts for redshift, snowflake and bigquery compare \
            only the number of rows.
            """)

    @Argument(help: ArgumentHelp("The target: \(LoaderKind.list).", valueName: "kind"))
    var kind: LoaderKind

    @Argument(
        help: ArgumentHelp("The table's directory: the one with manifest.json.", valueName: "dir"),
        completion: .directory)
    var directory: String

    @Option(help: ArgumentHelp("Name of the table in the target; the export's own by default.", valueName: "name"))
    var table: String?

    @Option(help: ArgumentHelp("Schema of the table (data set, in BigQuery); it must exist.", valueName: "name"))
    var schema: String?

    @Option(help: ArgumentHelp("Leave out the batches up to this one.", valueName: "n"))
    var after = 0

    @Option(
        name: .customLong("as-text"),
        help: ArgumentHelp(
            "Column of dates or times that the target gets as Athena's text, for years that it does not have. Repeatable.",
            valueName: "column"))
    var texts: [String] = []

    @Option(
        name: .customLong("url-prefix"),
        help: ArgumentHelp(
            "Where the directory has been uploaded to, for redshift, snowflake, bigquery and duckdb.",
            valueName: "s3://…|gs://…"))
    var urlPrefix: String?

    @Option(
        name: .customLong("redshift-manifest"),
        help: ArgumentHelp("Print the redshift.manifest of one batch instead of the script.", valueName: "n"))
    var redshiftManifest: Int?

    func run() throws {
        try Console().writeProduct(try product(), called: "loader")
    }

    /// What the command prints.
    func product() throws -> String {
        try checkOptions()
        let export = try TableDirectory(directory, purpose: "loader")
        let last = export.manifest.lastSequence
        guard after <= last else {
            throw ConfigurationError.option(name: "--after", problem: export.manifest.problem(ofMissing: after))
        }
        let target = LoadPlan.Target(schema: schema, table: table ?? export.manifest.table)
        let plan = try LoadPlan(
            export.manifest, after: after, target: target, location: try location(of: export.directory), texts: texts)
        if let redshiftManifest {
            guard let text = RedshiftManifest(batch: redshiftManifest, of: plan)?.text else {
                throw ConfigurationError.option(
                    name: "--redshift-manifest", problem: "there is no batch \(redshiftManifest) to load")
            }
            return text
        }
        return try kind.loader.text(for: plan)
    }

    private func checkOptions() throws(ConfigurationError) {
        guard after >= 0 else { throw .option(name: "--after", problem: "\(after) is not 0 or more") }
        guard table != "" else { throw .option(name: "--table", problem: "the name is empty") }
        guard schema != "" else { throw .option(name: "--schema", problem: "the name is empty") }
        guard schema == nil || kind.hasSchemas else {
            throw .option(name: "--schema", problem: "\(kind.rawValue) has no schemas")
        }
        guard redshiftManifest == nil || kind == .redshift else {
            throw .option(name: "--redshift-manifest", problem: "goes with redshift only")
        }
    }

    /// The beginning of the batches' addresses in the script.
    private func location(of export: ExportDirectory) throws -> String {
        let schemes = kind.urlSchemes
        guard let urlPrefix else {
            guard kind.readsLocalFiles else {
                throw ConfigurationError.option(
                    name: "--url-prefix",
                    problem:
                        "is missing: \(kind.rawValue) reads from \(Self.list(schemes)), so give the URL of the files"
                )
            }
            guard FilePath(export.path.string) == export.path else {
                throw ExportError.schema(
                    "the path \(export.path) is not UTF-8, which no script can carry; move the export")
            }
            return export.path.string
        }
        guard !schemes.isEmpty else {
            throw ConfigurationError.option(name: "--url-prefix", problem: "\(kind.rawValue) reads local files")
        }
        guard let prefix = ObjectPrefix(urlPrefix, schemes: schemes), S3Location.isBucket(prefix.bucket) else {
            throw ConfigurationError.option(
                name: "--url-prefix",
                problem: "must be \(Self.list(schemes)) and a bucket, then perhaps a prefix, without blanks, * and ?")
        }
        return prefix.url
    }

    private static func list(_ schemes: [String]) -> String {
        schemes.map { "\($0)://" }.joined(separator: " or ")
    }
}

extension LoaderKind {
    fileprivate static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
