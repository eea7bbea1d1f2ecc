import AWS
import ArgumentParser
import BatchExport
import JSON

/// Holds every file of a table's directory against its manifest.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every file of a table's directory again and hold it against the manifest.",
        discussion: """
            Looks at each file's size, SHA-256, gzip member, header, rows and keys, and for files that the manifest \
            does not list. Reads only, several files at a time, in memory for the keys of one batch each.

            Exit status: 0 no difference; 64 wrong arguments; 65 a difference, or a manifest that cannot be trusted; \
            66 no such directory or manifest; 74 the answer could not be written; 129, 130, 143 stopped by SIGHUP, \
            SIGINT, SIGTERM.
            """)

    @Argument(help: ArgumentHelp("The table's directory: the one with manifest.json.", valueName: "dir"))
    var directory: String

    @Option(help: "Format of the answer.")
    var format: SummaryFormat = .text

    @Option(help: "Progress on standard error; auto shows it on a terminal only.")
    var progress: ProgressChoice = .auto

    func run() async throws {
        let console = Console()
        defer { console.eraseProgress() }
        let outcome = try await verify(console)
        try console.writeProduct(VerificationReport(outcome).text(format), called: "answer")
        if !outcome.differences.isEmpty { throw ExitStatus.untrustedData }
    }

    private func verify(_ console: Console) async throws -> Verification.Outcome {
        let table = try TableDirectory(directory, purpose: "verify")
        let verification = try Verification(table.directory, table.manifest, table.state)
        let reading = ReadingProgress(console: console, isShown: progress.isShown, of: table.manifest)
        return try await interruptible {
            try await verification.run(workers: Assembly.workers, report: reading.report)
        }
    }
}

/// What was found, in words.
private struct VerificationReport {
    let outcome: Verification.Outcome

    init(_ outcome: Verification.Outcome) {
        self.outcome = outcome
    }

    func text(_ format: SummaryFormat) -> String {
        switch format {
        case .json: String(decoding: json.serialized(pretty: true), as: UTF8.self)
        case .text: lines.map { $0.shown(limit: 2000) + "\n" }.joined()
        }
    }

    private var lines: [String] {
        let read =
            "\(RunSummary.count(outcome.files, "file")), \(RunSummary.count(outcome.rows, "row")), "
            + RunSummary.size(outcome.bytes)
        let verdict =
            outcome.differences.isEmpty
            ? "as the manifest says: \(read)"
            : "\(RunSummary.count(outcome.differences.count, "difference")) to the manifest, which lists \(read)"
        return outcome.differences.map(\.description) + outcome.notes.map { "note: \($0)" } + [verdict]
    }

    private var json: JSONValue {
        [
            "status": outcome.differences.isEmpty ? "verified" : "different", "files": .integer(outcome.files),
            "rows": .integer(outcome.rows), "bytes": .integer(outcome.bytes),
            "differences": .array(
                outcome.differences.map {
                    ["path": .string($0.path), "check": .string($0.check.rawValue), "detail": .string($0.detail)]
                }),
            "notes": .array(outcome.notes.map { .string($0) }),
        ]
    }
}
