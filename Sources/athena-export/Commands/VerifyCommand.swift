import ArgumentParser
import BatchExport
import ProcessLimits
import SystemPackage

/// Compares every file of a table's directory with its manifest.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every file of a table's directory again and compare it with the manifest.",
        discussion: """
            Checks each file's size, SHA-256, gzip member, header, rows and keys, and finds files that the manifest does \
            not list. Writes nothing. Several files are read at a time; each needs memory for its different keys.

            For the directory above several tables, all of them are verified. A user who may not read state.json does \
            not see what an unfinished run has.

            Exit status: 0 no difference; 64 wrong arguments; 65 a difference, or a manifest that cannot be trusted; \
            66 no such directory or manifest; 74 a file cannot be read, or the answer could not be written; 129, 130, \
            143 stopped by SIGHUP, SIGINT, SIGTERM.
            """)

    @Argument(
        help: ArgumentHelp("The table's directory, or the one above several tables.", valueName: "dir"),
        completion: .directory)
    var directory: String

    @Option(help: "Format of the answer.")
    var format: SummaryFormat = .text

    @Option(help: "Progress on standard error; auto shows it on a terminal only.")
    var progress: ProgressChoice = .auto

    func run() async throws {
        try ProcessNeeds.rows(workers: Assembly.workers, cores: Assembly.cores).check()
        let console = Console()
        defer { console.eraseProgress() }
        // One watch for all tables: what comes between two of them counts as well.
        let report = try await interruptible { try await self.report(console) }
        try console.writeProduct(report.text(format), called: "answer")
        for failure in report.failures { console.writeError(failure.message) }
        if report.status != .success { throw report.status }
    }

    private func report(_ console: Console) async throws -> VerificationReport {
        switch try ReadingTarget(directory, purpose: "verify") {
        case .table(let path):
            guard let outcome = try await verify(path, console) else {
                throw TableDirectory.missing(directory, purpose: "verify")
            }
            return VerificationReport(outcome)
        case .tables(let paths):
            var report = VerificationReport()
            for path in paths {
                let table = path.lastComponent?.string ?? ""
                do {
                    report.add(try await verify(path, console), of: table)
                } catch let error where !(error is CancellationError) {
                    report.add(TableFailure(table: table, error: error))
                }
            }
            return report
        }
    }

    /// - Returns: nil if there is no manifest yet.
    /// - Throws: `ExportError`; `CancellationError`.
    private func verify(_ path: FilePath, _ console: Console) async throws -> Verification.Outcome? {
        let snapshot = try DirectorySnapshot(reading: path)
        guard let manifest = snapshot.manifest else { return nil }
        let verification = try Verification(
            snapshot.directory, manifest, snapshot.state, isStateReadable: snapshot.stateFile != .unreadable)
        let reading = ReadingProgress(console: console, isShown: progress.isShown, of: manifest)
        return try await verification.run(workers: Assembly.workers, report: reading.report)
    }
}
