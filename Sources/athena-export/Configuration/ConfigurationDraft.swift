import AWS
import BatchExport
import Files
import JSON
import SystemPackage
import Text

/// A first configuration: as little as a run needs, and in words what else there is.
struct ConfigurationDraft {
    let region: String
    let database: String
    let workGroup: String
    let stagingDir: String?
    /// One or more.
    let tables: [String]
    let primaryKey: [String]

    /// The file, which is valid as it is.
    var text: [UInt8] {
        var file: JSONObject = [
            "region_name": .string(region), "database_name": .string(database), "work_group": .string(workGroup),
        ]
        file["s3_staging_dir"] = stagingDir.map { .string($0) }
        file["output"] = "export"
        if tables.count == 1, let table = tables.first {
            for (key, value) in Self.keys(of: table).members { file[key] = value }
            file["primary_key"] = .array(primaryKey.map { .string($0) })
        } else {
            file["primary_key"] = .array(primaryKey.map { .string($0) })
            file["tables"] = .array(tables.map { .object(Self.keys(of: $0)) })
        }
        return JSONValue.object(file).serialized(pretty: true)
    }

    private static func keys(of table: String) -> JSONObject {
        ["table": .string(table), "query": .string("SELECT * FROM \"\(table)\"")]
    }

    /// - Parameter name: of the file, for messages.
    func parsed(name: String) throws(ConfigurationError) -> ConfigurationFile {
        try ConfigurationFile(parsing: text, name: name)
    }

    /// - Throws: ``ConfigurationError/unwritable(_:)`` also if the file exists: it is not written over.
    func write(to path: FilePath) throws(ConfigurationError) {
        do throws(FileError) {
            try NewFile.write(text, to: path)
        } catch {
            throw .unwritable(error)
        }
    }

    // MARK: - In words

    /// What each key of the file is for, the ones that are added most often, and what to do next.
    func explanation(of name: String) -> String {
        let file = Self.lines(tables.count == 1 ? Self.ownKeys : Self.ownKeys + Self.tableKeys)
        return """
            wrote \(name.shown(limit: 500)), with these keys:

            \(file)

            Some that are added often (athena-export run --help has all options; most keys have their names, with underscores):

            \(Self.lines(Self.otherKeys))

            next: edit the file, then athena-export check --config \(name.shown(limit: 500))

            """
    }

    private static let ownKeys = [
        ("region_name", "region of Athena and of the tables"),
        ("database_name", "database that the names in the query belong to"),
        ("work_group", "who pays, how much may be scanned, and where results go"),
        ("output", "directory that gets a directory for each table; it starts from this file's directory"),
        ("table", "name of the table's directory, and of the table that loaders make"),
        ("query", "the statement; any SELECT"),
        ("primary_key", "columns that tell rows apart: a later row replaces an earlier one with the same key"),
    ]
    private static let tableKeys = [
        ("tables", "one object for each table; keys beside it are defaults for all")
    ]
    private static let otherKeys = [
        ("s3_staging_dir", "s3://bucket/prefix/ for results, if the work group has no place"),
        ("profile_name", "profile of ~/.aws/config; without it, and without keys, the usual AWS sources serve"),
        ("query_file", "file with the statement, in place of query"),
        ("format", "csv or ndjson"),
        ("cursor_column", "column that an incremental export goes by; the query then has {cursor} in it"),
        ("batch_rows", "rows of a file, 100000 unless it is said"),
    ]

    private static func lines(_ keys: [(String, String)]) -> String {
        let width = keys.map(\.0.count).max() ?? 0
        return keys.map { "  \($0)\(String(repeating: " ", count: width - $0.count))  \($1)" }.joined(separator: "\n")
    }
}
