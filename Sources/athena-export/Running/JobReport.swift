import AWS
import BatchExport
import Clock
import Logging

/// Tells the end of a job of several tables: summary, errors, metrics, and the exit status.
struct JobReport {
    let report: RunReport
    /// Whether the run was named, so that the same command does not run again what has succeeded.
    let isNamed: Bool

    /// The job failed before its tables were known.
    func couldNotBegin(_ error: any Error) -> ExitStatus {
        let end = RunEnd(failed: error, directory: nil, seconds: report.seconds)
        log(end)
        // As text, the error line is enough.
        if report.options.summary == .json {
            write(
                JobSummary(
                    tables: [], status: .failed, seconds: report.seconds, nextStep: nil, failure: end.summary.failure))
        }
        report.console.writeError(error)
        return end.status
    }

    /// The job failed before any table could begin.
    func couldNotBegin(_ error: any Error, _ tables: [ExportConfiguration]) -> ExitStatus {
        let ends = tables.map { table in
            TableEnd(
                end: RunEnd(failed: error, directory: table.directory, seconds: report.seconds),
                phases: (report.seconds, 0), requests: .init())
        }
        for end in ends { LogContext.$table.withValue(end.end.directory?.table) { log(end.end) } }
        return ended(ends, signal: nil)
    }

    /// Writes the event of a table's end, when it has ended.
    func log(_ end: RunEnd) { report.log(end) }

    /// - Parameters:
    ///   - ends: in the order of the file.
    ///   - signal: the status for the signal that ended the job, if one did.
    func ended(_ ends: [TableEnd], signal: ExitStatus?) -> ExitStatus {
        var status = Self.status(ends.map(\.end.status), signal: signal)
        let summary = JobSummary(
            tables: ends.map { ($0.end.directory?.table ?? "", $0.end.summary) }, status: Self.verdict(status, signal),
            seconds: report.seconds, nextStep: nextStep(ends))
        if !write(summary), status == .success { status = .inputOutput }
        for error in errors(ends) { report.console.writeError(error) }
        report.write(
            RunMetrics(
                tables: ends.map {
                    RunMetrics.Table(
                        end: $0.end, exitStatus: $0.end.status, phases: $0.phases, requests: $0.requests)
                }, end: .now()))
        return status
    }

    /// - Returns: false if it could not be written, which is reported then.
    @discardableResult
    private func write(_ summary: JobSummary) -> Bool {
        if report.console.writeOutput(summary.text(report.options.summary)) { return true }
        report.console.writeError(
            "the summary could not be written to standard output; athena-export status tells how far each table got")
        return false
    }

    /// A signal comes first, then the first failure in the order of the file that does not pass by itself.
    ///
    /// - Parameter statuses: of the tables, in the order of the file.
    static func status(_ statuses: [ExitStatus], signal: ExitStatus?) -> ExitStatus {
        let failures = statuses.filter { $0 != .success }
        guard let first = failures.first else { return .success }
        return signal ?? failures.first { $0 != .temporary } ?? first
    }

    private static func verdict(_ status: ExitStatus, _ signal: ExitStatus?) -> RunSummary.Status {
        if status == .success { return .succeeded }
        return signal == nil ? .failed : .interrupted
    }

    /// The errors, each once with the tables that it is of.
    private func errors(_ ends: [TableEnd]) -> [String] {
        var messages: [String] = []
        var tables: [String: [String]] = [:]
        for end in ends {
            guard let message = end.end.message, let table = end.end.directory?.table else { continue }
            if tables[message] == nil { messages.append(message) }
            tables[message, default: []].append(table)
        }
        return messages.map { "\(Self.list(tables[$0] ?? [])): \($0)" }
    }

    /// A line that lists more names is not read.
    private static func list(_ names: [String]) -> String {
        let rest = names.count - 5
        return names.prefix(5).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// The same command runs again what has succeeded, unless the run has a name.
    private func nextStep(_ ends: [TableEnd]) -> String? {
        let left = ends.filter { $0.end.status != .success }.compactMap { $0.end.directory?.table }
        guard !left.isEmpty, left.count < ends.count else { return nil }
        if isNamed { return "the run has a name, so the same command runs only the tables that are left" }
        return
            "add \(left.map { "--only \($0)" }.joined(separator: " ")) to run only what is left; without it the same "
            + "command also runs the other tables again, and pays for them again"
    }
}
