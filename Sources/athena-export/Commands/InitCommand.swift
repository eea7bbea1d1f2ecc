import ArgumentParser
import AWS
import SystemPackage

/// Writes a first configuration.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a first configuration, for one table or several.",
        discussion: """
            The file is small, and valid as it is; what each key is for is printed. Several --table make a configuration \
            with several tables. An existing file is never written over.

            Then: athena-export check --config FILE, and athena-export run --config FILE.

            Exit status: 0 done; 64 wrong arguments; 73 the file exists or cannot be created; 74 it cannot be written.
            """)

    @Argument(
        help: ArgumentHelp("The file to write (default: \(InitCommand.standardFile)).", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("The same as <file>.", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("A table to export (default: orders). Repeatable.", valueName: "name"))
    var table: [String] = []

    @Option(help: ArgumentHelp("Column of the primary key (default: id). Repeatable.", valueName: "column"))
    var key: [String] = []

    @Option(help: "AWS region (default: that of the environment, else us-east-1).")
    var region: String?

    @Option(help: "Database of the tables (default: default).")
    var database: String?

    @Option(help: "Work group that the queries run in (default: primary).")
    var workGroup: String?

    @Option(help: ArgumentHelp("Where Athena puts results, if the work group has no place.", valueName: "s3://…"))
    var stagingDir: String?

    static let standardFile = "athena-export.json"

    func validate() throws {
        if file != nil, config != nil { throw ValidationError("--config: the file is given already; leave out one") }
        if let name = table.first(where: { $0.contains(".") }) {
            throw ValidationError("--table \(name): give the table's name alone, and its database as --database")
        }
    }

    func run() throws {
        let origin: SettingOrigin = config == nil ? .option("file") : .option("--config")
        let name = config ?? file ?? Self.standardFile
        let path = try LocalPath.parse(name, origin)
        let draft = ConfigurationDraft(
            region: try region ?? Self.regionOfEnvironment(), database: database ?? "default",
            workGroup: workGroup ?? "primary", stagingDir: stagingDir, tables: table.isEmpty ? ["orders"] : table,
            primaryKey: key.isEmpty ? ["id"] : key)
        let noOptions = try RunOptions.parse([])
        do throws(ConfigurationError) {
            // What is wrong with an option would be wrong in the file.
            _ = try JobConfiguration(noOptions, file: try draft.parsed(name: name), workers: 1)
        } catch {
            throw error.ofOptions
        }
        try draft.write(to: path)
        try Console().writeProduct(draft.explanation(of: name), called: "explanation")
    }

    private static func regionOfEnvironment() throws(ConfigurationError) -> String {
        for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            guard let region = try ProcessText.variable(variable), !region.isEmpty else { continue }
            guard Region(region) != nil else {
                throw .path(
                    name: variable, place: nil,
                    problem: "the region in this environment variable is written like us-east-1; correct it")
            }
            return region
        }
        return "us-east-1"
    }
}
