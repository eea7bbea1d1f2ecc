import Athena
import AWS
import BatchExport
import Logging
import Threading

/// The exports of several tables, side by side: over one transport, with one set of credentials, one retry quota and one
/// set of worker threads. Each has its own directory, lock, state and run, and one that fails leaves the others alone.
struct TablesRun {
    let job: JobConfiguration
    let reporting: ReportingOptions
    let console: Console
    let logger: Logger
    let report: JobReport

    func execute() async -> ExitStatus {
        let signals = SignalWatcher()
        guard let first = job.tables.first else { return .success }
        let assembly: Assembly
        do {
            // Tables of one job fill the account's queue of queries themselves, so a full queue is waited out for as long
            // as a query may take.
            let patience = job.tables.map(\.export.queryTimeout).max()
            assembly = try Assembly(first, queuePatience: patience, logger: logger)
        } catch {
            return report.couldNotBegin(error, job.tables)
        }
        let progress = ProgressReporter(
            console: console, isShown: reporting.progress.isShown, logger: reporting.progress == .never ? nil : logger,
            figures: JobFigures(tableCount: job.tables.count))
        let threads = WorkerThreads(count: first.export.export.workers)
        let ends = await progress.show(until: signals, logger) { await runAll(assembly, threads, signals, progress) }
        return report.ended(ends, signal: signals.exitStatus)
    }

    /// - Returns: in the order of the tables.
    private func runAll(
        _ assembly: Assembly, _ threads: WorkerThreads, _ signals: SignalWatcher,
        _ progress: ProgressReporter<JobFigures>
    ) async -> [TableEnd] {
        await withTaskGroup(of: (Int, TableEnd).self) { group in
            var ends = [TableEnd?](repeating: nil, count: job.tables.count)
            for (index, table) in job.tables.enumerated() {
                if index >= job.parallel, let (ended, end) = await group.next() { ends[ended] = end }
                group.addTask { (index, await run(table, assembly, threads, signals, progress)) }
            }
            for await (ended, end) in group { ends[ended] = end }
            return ends.compactMap { $0 }
        }
    }

    private func run(
        _ table: ExportConfiguration, _ assembly: Assembly, _ threads: WorkerThreads, _ signals: SignalWatcher,
        _ progress: ProgressReporter<JobFigures>
    ) async -> TableEnd {
        let name = table.directory.table
        let started = ContinuousClock.now
        return await LogContext.$table.withValue(name) {
            guard !Task.isCancelled else {
                let end = RunEnd(
                    .failure(CancellationError()), manifest: nil, state: nil, directory: table.directory,
                    signal: signals.exitStatus, asksForColumns: false, wasResumed: false, seconds: 0)
                report.log(end)
                return TableEnd(end: end, phases: (0, 0), requests: .init())
            }
            progress.update { figures, _ in figures.begin(name) }
            let run = TableRun(
                configuration: table.sharing(with: job.parallel), assembly: assembly, threads: threads, logger: logger)
            let outcome = await run.execute(signals: signals, since: started) { news in
                progress.update { figures, now in figures.note(news, of: name, at: now) }
            } reportUpload: { news in
                progress.update { figures, _ in figures.note(news) }
            }
            let end = job.needsOnly ? outcome.end.amongSeveral : outcome.end
            progress.update { figures, _ in figures.end(name, hasFailed: end.error != nil) }
            report.log(end)
            return TableEnd(
                end: end, phases: outcome.phases, requests: assembly.requests.counts(of: name))
        }
    }
}

/// How the export of one table of several went.
struct TableEnd {
    let end: RunEnd
    let phases: (query: Double, export: Double)
    let requests: RequestCounter.Counts
}

extension ExportConfiguration {
    /// The same export beside others: fewer ranges of its result are in memory at a time.
    fileprivate func sharing(with parallel: Int) -> ExportConfiguration {
        var copy = self
        copy.export.ranges.inFlight = max(2, 2 * RangeSizes.standard.inFlight / max(2, parallel))
        copy.export.ranges.parsed = max(1, export.ranges.parsed / max(1, parallel))
        return copy
    }
}
