import ArgumentParser
import BatchExport
import FoundationEssentials
import Glibc
import JSON

/// The figures: whole runs of the built command, then its steps alone.
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Measure whole runs and single steps.",
        discussion: """
            Runs of one content and the compressors of the same bytes take turns, so that ratios hold on a machine that \
            others use too; times are medians. Columns that begin with / show how many times as long as that compressor \
            a run takes.
            """)

    @Option(help: "Data rows of the customers table; the wide one has a fifth, runs with latency have a tenth.")
    var rows = 1_000_000

    @Option(help: "Turns that everything takes, after one to warm up.")
    var samples = 5

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Only what has all of these between the slashes of its name.", valueName: "part"))
    var only: [String] = []

    @Flag(help: "Show the names and measure nothing.")
    var list = false

    @Option(help: "How to print what was measured.")
    var format: ReportFormat = .table

    @Option(help: ArgumentHelp("The command to measure (default: the one beside this program).", valueName: "path"))
    var program: String?

    @Option(help: ArgumentHelp("Where the runs write (default: the directory for temporary files).", valueName: "dir"))
    var directory: String?

    enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    func validate() throws {
        guard (10...BenchmarkTable.maximumRows).contains(rows) else {
            throw ValidationError("--rows is 10 to \(BenchmarkTable.maximumRows)")
        }
        guard samples >= 1 else { throw ValidationError("--samples is at least 1") }
    }

    func run() async throws {
        let matrix = Matrix(rows: rows, filter: only)
        guard !list else { return print(matrix.names.joined(separator: "\n")) }
        let machine = Machine.current()
        let parent = directory ?? FileManager.default.temporaryDirectory.path
        let scratch = "\(parent)/athena-export-benchmark-\(getpid())"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }

        var groups: [Report.Group] = []
        // Runs come first: a child's peak of memory begins at that of this process, and the steps make it large.
        for (content, runs) in matrix.runs {
            let group = RunGroup(content: content, runs: runs, program: try measuredProgram(), directory: scratch)
            let measurements = try group.measure(samples: samples, progress: show)
            groups.append(Report.Group(title: content.title(of: measurements), measurements: measurements))
        }
        for table in BenchmarkTable.allCases {
            var measurements: [Measurement] = []
            for stage in matrix.stages(of: table) {
                measurements.append(try await stage.measure(samples: samples, progress: show))
            }
            if !measurements.isEmpty {
                groups.append(Report.Group(title: "steps alone, \(table)", measurements: measurements))
            }
        }
        show("")
        let finished = Report(machine: machine, date: Date.now.formatted(.iso8601), groups: groups)
        switch format {
        case .table: print(finished.table, terminator: "")
        case .json: print(String(decoding: finished.json.serialized(pretty: true), as: UTF8.self), terminator: "")
        }
    }

    private func measuredProgram() throws -> String {
        let path =
            program ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/athena-export"
        guard access(path, X_OK) == 0 else {
            throw ValidationError("\(path) is not there; build it: swift build -c release")
        }
        return path
    }

    /// Shows the current step, on a terminal only, in one line that is written over.
    private func show(_ text: String) {
        guard isatty(2) == 1 else { return }
        let line = Array("\r\u{1b}[K\(text)".utf8)
        _ = write(2, line, line.count)
    }
}
