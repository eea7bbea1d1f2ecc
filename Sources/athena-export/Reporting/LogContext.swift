import Logging

/// Of which table the work of the current task is; tasks that it starts inherit it.
enum LogContext {
    /// Nil where there is one table only.
    @TaskLocal static var table: String?

    /// Adds the table to every event that is logged on its way.
    static let metadata = Logger.MetadataProvider { table.map { ["table": "\($0)"] } ?? [:] }
}
