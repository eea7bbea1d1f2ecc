import AWS
import BatchExport
import Logging

/// The checks of all tables, some at a time.
struct TablesCheck {
    let job: JobConfiguration
    let asksForColumns: Bool
    let logger: Logger

    /// Attempts for each request unless it is said: an answer that does not come says enough.
    private static let attempts = 3

    func run() async throws -> CheckReport {
        guard let first = job.tables.first else { return CheckReport(tables: [], isOfSeveral: job.isOfSeveral) }
        let assembly = try Assembly(first, maxAttempts: first.maxAttempts ?? Self.attempts, logger: logger)
        let services = CheckServices(assembly, logger: logger)
        let results = try await withThrowingTaskGroup(of: (Int, TableCheckResult).self) { group in
            var results = [TableCheckResult?](repeating: nil, count: job.tables.count)
            for (index, table) in job.tables.enumerated() {
                if index >= job.parallel, let (done, result) = try await group.next() { results[done] = result }
                let check = TableCheck(configuration: table, services: services, asksForColumns: asksForColumns)
                let name = job.isOfSeveral ? table.directory.table : nil
                group.addTask {
                    try await LogContext.$table.withValue(name) {
                        let result = try await check.run()
                        return (index, job.needsOnly ? result.amongSeveral : result)
                    }
                }
            }
            for try await (done, result) in group { results[done] = result }
            return results.compactMap { $0 }
        }
        return CheckReport(tables: results, isOfSeveral: job.isOfSeveral)
    }
}
