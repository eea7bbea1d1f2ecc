import Athena
import BatchExport
import Files

/// Whether files can be written, how much room there is, and what the directory holds.
struct OutputStep: CheckStep {
    let name = CheckStepName.output
    let needs: [CheckStepName] = []

    /// Less than this fills up before most exports are done.
    private static let littleSpace = 1 << 30

    func run(_ findings: inout CheckFindings) throws -> CheckVerdict {
        let directory = findings.configuration.directory
        if let error = directory.creationError { throw error }
        let table = try HeldTable(directory)
        if !findings.configuration.export.restart { try table.check(findings.configuration.export.request) }
        findings.table = table
        let free = directory.path.nearestExisting.freeBytes
        let room = free.map { ", \(RunSummary.size($0)) free" } ?? ""
        let message =
            "\(directory.path): \(Self.content(of: table, restart: findings.configuration.export.restart))\(room)"
        guard let free, free < Self.littleSpace else { return .ok(message) }
        return .warning(message, advice: "make room, or export to another --output")
    }

    private static func content(of table: HeldTable, restart: Bool) -> String {
        let files = table.manifest.map { DirectoryStatus.files(of: $0) } ?? "no files yet"
        guard let state = table.unfinished else { return files }
        let next = restart ? "--restart gives it up" : "the next run resumes it"
        return "\(files), and run \(state.runID) is unfinished; \(next)"
    }
}
