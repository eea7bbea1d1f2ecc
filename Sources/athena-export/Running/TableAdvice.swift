/// What the error of one table advises, in a job of several tables.
enum TableAdvice {
    /// Options of one table, and those that the other tables would take for a new query.
    private static let options = [
        "--query", "--cursor-", "--table", "--key", "--write-mode", "--restart", "--max-deletes", "--source",
    ]

    /// A message that names such an option, with what has to be given beside it; else the message as it is.
    static func completed(_ message: String) -> String {
        options.contains { message.contains($0) } ? "\(message); with several tables give --only TABLE too" : message
    }
}
