import Files
package import SystemPackage

/// Errors between rows and files. Messages give row numbers and positions, never values.
package enum ExportError: Error, Sendable, CustomStringConvertible {
    /// The result's columns or values cannot be exported, whatever the options.
    case schema(String)
    /// The key, the cursor or the format does not fit the result.
    case options(String)
    /// A file of the export is invalid: which file, where in it, and what to do.
    case untrusted(path: FilePath, problem: String, remedy: String)
    /// The unfinished run was started with another request; names what differs.
    case otherRequest(differences: [String], path: FilePath)
    /// The columns, key or format differ from what the directory holds. Names what differs, and says whether
    /// ``SchemaChangePolicy/appendNewColumns`` would do.
    case schemaChanged(differences: [String], path: FilePath, canBeAppended: Bool)
    /// An answer of the source contradicts an earlier one.
    case inconsistentSource(String)
    /// Files that the run has published are gone; `path` is the first of them. The run is back at its beginning.
    case filesGone(path: FilePath, count: Int)
    /// A row of a batch's file is longer than the memory allows. `memory` is enough for any row of the batch, counted
    /// as in ``Merge/Options/memory``.
    case rowTooLong(path: FilePath, row: Int, limit: Int, memory: Int)
    /// A row of the result is longer than a row may be; `row` counts its data rows from 1, `limit` is in bytes.
    case resultRowTooLong(row: Int, limit: Int)
    /// The result lacks so many of the table's keys that it may not be the whole table.
    /// `deleted` of them are in files already.
    case tooManyDeletes(gone: Int, held: Int, limit: Int, deleted: Int)
    /// Another process works in the directory.
    case locked(path: FilePath)
    /// A directory or file could not be made.
    case cannotCreate(path: FilePath, Errno)
    /// Reading or writing failed, for example because the disk is full.
    case io(operation: String, path: FilePath, Errno)

    /// The columns, the key or the format are wrong.
    package var isOfSchema: Bool {
        switch self {
        case .schema, .options, .schemaChanged: true
        default: false
        }
    }

    /// Other options, or another directory, would serve for the same result.
    package var isOfOptions: Bool {
        switch self {
        case .options, .schemaChanged: true
        default: false
        }
    }

    /// A document without which the directory cannot be understood is gone.
    static func missingManifest(_ path: FilePath, remedy: String) -> ExportError {
        .untrusted(
            path: path, problem: "the file is missing, yet state.json says that a run has written it", remedy: remedy)
    }

    /// A manifest of an earlier night has taken the newest one's place.
    static func olderManifest(_ path: FilePath, runID: String) -> ExportError {
        .untrusted(
            path: path, problem: "it is older than state.json, by which run \(runID) has succeeded",
            remedy: "put the newest manifest.json back; if it is lost, remove state.json, and the next run exports "
                + "what this manifest lacks")
    }

    package var description: String {
        switch self {
        case .schema(let problem), .options(let problem): problem
        case .untrusted(let path, let problem, let remedy): "\(path): \(problem); \(remedy)"
        case .otherRequest(let differences, let path):
            "\(path) belongs to an unfinished run of another request (\(differences.joined(separator: "; "))); "
                + "give the same options to resume it, or --restart, which gives it up and sends a new query"
        case .schemaChanged(let differences, let path, let canBeAppended):
            "the result, or an option, does not fit what \(path) holds (\(differences.joined(separator: "; "))); "
                + (canBeAppended ? "give --on-schema-change append_new_columns, or " : "")
                + "export to another --table or --output"
        case .inconsistentSource(let problem): problem
        case .filesGone(let path, let count):
            "\(path) is gone\(count > 1 ? ", and so are \(count - 1) more files" : ""), though this run had written it; run "
                + "the same command again: it writes the missing files again from the result of the same query"
        case .rowTooLong(let path, let row, let limit, let memory):
            "row \(row) of \(path) is longer than \(limit) bytes, the most that the memory allows; "
                + "\(memory) bytes are enough for any row of the file"
        case .resultRowTooLong(let row, let limit):
            "row \(row) of the result is longer than \(limit) bytes, the most that a row may have (Athena's own limit is "
                + "32 MB), so the result may be damaged; with --source s3 use --source api, which reads the same result; else shorten "
                + "the row in the query and send it with --restart"
        case .tooManyDeletes(let gone, let held, let limit, let deleted):
            "\(gone) of the \(held) keys that the table has are not in the result, which is more than --max-deletes \(limit) "
                + "allows; new and changed rows are exported, and "
                + "nothing was deleted\(deleted > 0 ? " but \(deleted) keys under an earlier limit" : "")"
                + "; if the result is right, run the same command again with --max-deletes "
                + "\(min(100, (gone * 100 + held - 1) / max(1, held))), which reads it again and sends no query; if it is "
                + "not, fix the query and give this run up with --restart"
        case .locked(let path):
            "another run is at work in \(path); wait for it to end, then run the same command again"
        case .cannotCreate(let path, let errno):
            "cannot create \(path): \(errno); \(Self.advice(onCreating: errno))"
        case .io(let operation, let path, let errno):
            "cannot \(operation) \(path): \(errno); "
                + (errno.remedy ?? "fix the cause") + ", then run the same command again"
        }
    }

    private static func advice(onCreating errno: Errno) -> String {
        if let remedy = errno.remedy { return "\(remedy), then run the same command again" }
        return errno == .fileExists
            ? "what has the name is not a regular file and stays as it is; give another path"
            : "check the path and its permissions"
    }
}
