package import AWS
import Text

/// What can go wrong with an UNLOAD and the objects that it writes.
package enum UnloadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A column of a type that is not known to have an exact text.
    case unsupportedColumn(name: String, type: String)
    /// There is no place to write to.
    case noTarget
    /// The place for the objects is too long; in bytes.
    case targetTooLong(bytes: Int, limit: Int)
    /// The objects would be encrypted for the client to decrypt.
    case clientSideEncryption
    /// With what is put around it, the statement is longer than Athena takes; in bytes.
    case statementTooLong(bytes: Int, limit: Int)
    /// The execution is not an UNLOAD that this program has sent.
    case foreign(queryExecutionID: String)
    /// The execution is an UNLOAD of this program, which only `--source unload` reads.
    case needsSource(queryExecutionID: String)
    /// Athena found objects at a target that was to be new.
    case targetExists(queryExecutionID: String, target: String)
    /// The list of the objects is not what Athena writes; `line` from 1.
    case manifest(line: Int, reason: String)
    /// Athena names no objects, though it counts rows; nil if it does not count them either.
    case noManifest(queryExecutionID: String, rows: Int?, reason: String)
    /// The objects have another number of rows than Athena counts.
    case rowCountDiffers(expected: Int, found: Int)
    /// An object that the manifest lists is not there.
    case objectGone(S3Location)
    /// An object that a query has written which was named by its id is not there.
    case objectRemoved(S3Location, queryExecutionID: String, hasRowsInFiles: Bool)
    /// An object is another one than the one that was listed.
    case objectChanged(S3Location)
    /// The object is not gzipped lines of JSON. `offset` is in bytes of what it holds inflated; `column` counts from 1.
    case malformed(S3Location, offset: Int, column: Int?, reason: String)

    package var description: String {
        switch self {
        case .unsupportedColumn(let name, let type):
            "column \(name.shown(limit: 100)) has the type \(type.shown(limit: 100)), which UNLOAD cannot write exactly; "
                + "make it a varchar with CAST in the query; nothing was unloaded"
        case .noTarget:
            "--source unload has no place to write to; give --unload-to s3://bucket/prefix/ (unload_to), or --staging-dir "
                + "(s3_staging_dir); nothing was unloaded"
        case .targetTooLong(let bytes, let limit):
            "the place for the unloaded objects, with the names of table and run, has \(bytes) bytes, and at most \(limit) "
                + "leave room for the names of the objects; give a shorter --unload-to (unload_to), --table (table) or "
                + "--run-id; nothing was unloaded"
        case .clientSideEncryption:
            "results of this work group are encrypted for the client to decrypt (CSE_KMS), so unloaded objects could not "
                + "be read; give another --work-group (work_group), or use --source api; nothing was unloaded"
        case .statementTooLong(let bytes, let limit):
            "with the SELECT around it the statement has \(bytes) bytes, and Athena takes \(limit) at most; nothing was sent "
                + "that costs anything; shorten it, or make a view of it in Athena"
        case .foreign(let id):
            "query \(id) is not an UNLOAD that athena-export has sent, so its columns cannot be told; give the id of one "
                + "that is, or the statement instead of --query-execution-id"
        case .needsSource(let id):
            "query \(id) is an UNLOAD of athena-export; give --source unload with it, which reads its objects without "
                + "another query"
        case .targetExists(let id, let target):
            "query \(id) found objects below \(target), which an earlier start of the same run has written. It is not sent "
                + "again by itself, as that would be paid for again; look in Athena's history for the query that wrote "
                + "there and give --restart --query-execution-id with its id, or --restart alone to send a new one"
        case .manifest(let line, let reason):
            "the list of unloaded objects, line \(line): \(reason); send the query again with --restart"
        case .noManifest(let id, let rows, let reason):
            "Athena does not say which objects query \(id) has written (\(reason)), and "
                + (rows.map { "counts \($0) rows" } ?? "does not count its rows")
                + "; run the same command again, which does not send the query again, or send a new one with --restart"
        case .rowCountDiffers(let expected, let found):
            "the unloaded objects have \(found) rows, and Athena counts \(expected); nothing was removed; run the same "
                + "command again, which does not send the query again, or send a new one with --restart"
        case .objectGone(let location):
            "the unloaded object \(location) is not there; a rule of the bucket may have removed it, or another program; "
                + "put it back, or send the query again with --restart"
        case .objectRemoved(let location, let id, let hasRowsInFiles):
            "the object \(location), which query \(id) has unloaded, is not there; a run removes what it has read, unless "
                + "--keep-unload is given; give the statement instead of --query-execution-id"
                + "\(hasRowsInFiles ? ", and --restart" : ""), which sends a new query"
        case .objectChanged(let location):
            "the unloaded object \(location) is another one than at the beginning of the run, so its rows may be of "
                + "another result; put it back, or send the query again with --restart"
        case .malformed(let location, let offset, let column, let reason):
            "the unloaded object \(location), byte \(offset) of what it holds"
                + (column.map { ", column \($0)" } ?? "") + ": \(reason); send the query again with --restart"
        }
    }
}
