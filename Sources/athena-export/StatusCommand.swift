import AWS
import ArgumentParser
import BatchExport
import Files
import JSON
import SystemPackage

/// What a table's directory holds and what the next run there would do.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what a table's directory holds, how far an unfinished run got, and what the next run would do.")

    @Argument(help: ArgumentHelp("The table's directory: the one with manifest.json.", valueName: "dir"))
    var directory: String

    @Option(help: "Format of the answer.")
    var format: SummaryFormat = .text

    func run() throws {
        let console = Console()
        do {
            let status = try DirectoryStatus(reading: FilePath(directory))
            guard console.writeOutput(status.text(format)) else {
                console.writeError("the status could not be written to standard output")
                throw ExitStatus.inputOutput
            }
        } catch let status as ExitStatus {
            throw status
        } catch {
            console.writeError("\(error)")
            throw ExitStatus(error)
        }
    }
}

/// Manifest and state of a directory, put in words.
private struct DirectoryStatus {
    let directory: ExportDirectory
    let manifest: Manifest?
    let state: ExportState?

    init(reading path: FilePath) throws {
        guard let table = path.lexicallyNormalized().lastComponent?.string, DirectoryListing.names(in: path) != nil
        else {
            throw ConfigurationError.unreadable(.missing(path), purpose: "status")
        }
        directory = ExportDirectory(parent: path.lexicallyNormalized().removingLastComponent(), table: table)
        (manifest, state) = try ExportJournal.read(directory)
        guard manifest != nil || state != nil else {
            throw ConfigurationError.unreadable(
                .missing(directory.manifest), purpose: "status (give the table's directory, such as export/customers)")
        }
    }

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: json.terminalText(pretty: true)
        case .text: lines.map { $0.shown(limit: 2000) + "\n" }.joined()
        }
    }

    private enum NextRun: String {
        case resume, start
    }

    private var nextRun: NextRun { state?.isUnfinished == true ? .resume : .start }

    private var lines: [String] {
        var lines = ["table: \(directory.table)"]
        if let manifest {
            lines.append(
                "files: \(RunSummary.count(manifest.batches.count, "batch", "batches")) of "
                    + "\(manifest.fileFormat.rawValue), \(RunSummary.count(manifest.rows, "row")), "
                    + "\(RunSummary.size(manifest.bytes)) (\(RunSummary.size(manifest.uncompressedBytes)) uncompressed)"
            )
            lines.append("key: \(manifest.primaryKey.joined(separator: ", "))")
            lines += manifest.runs.map {
                "run \($0.runID): \($0.status.rawValue), \(RunSummary.count($0.rows, "row"))"
                    + (($0.dataScannedBytes).map { ", \(RunSummary.size($0)) scanned" } ?? "")
            }
        } else {
            lines.append("files: none yet")
        }
        return lines + nextLines
    }

    private var nextLines: [String] {
        guard let state, state.isUnfinished else { return ["next run: starts a new query"] }
        let checkpoint = state.checkpoint
        let query = state.query.map { "query \($0.queryExecutionID)" } ?? "a query that may not have been sent yet"
        return [
            "unfinished: run \(state.runID), \(query), \(RunSummary.count(checkpoint.rowsExported, "row")) done",
            "next run: goes on with batch \(checkpoint.nextBatch) of that query (--restart gives it up)",
        ]
    }

    private var json: JSONValue {
        var object: JSONObject = [
            "table": .string(directory.table), "rows": .integer(manifest?.rows ?? 0),
            "batches": .integer(manifest?.batches.count ?? 0), "bytes": .integer(manifest?.bytes ?? 0),
            "uncompressed_bytes": .integer(manifest?.uncompressedBytes ?? 0),
            "next_run": .string(nextRun.rawValue),
        ]
        object["runs"] = .array(
            (manifest?.runs ?? []).map {
                [
                    "run_id": .string($0.runID), "status": .string($0.status.rawValue), "rows": .integer($0.rows),
                    "query_execution_id": .string($0.queryExecutionID),
                    "data_scanned_bytes": $0.dataScannedBytes.map { .integer($0) } ?? .null,
                ]
            })
        if let state, state.isUnfinished {
            object["unfinished"] = [
                "run_id": .string(state.runID),
                "query_execution_id": state.query.map { .string($0.queryExecutionID) } ?? .null,
                "rows_exported": .integer(state.checkpoint.rowsExported),
                "next_batch": .integer(state.checkpoint.nextBatch),
            ]
        }
        return .object(object)
    }
}
