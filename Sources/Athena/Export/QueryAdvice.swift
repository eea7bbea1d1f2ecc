/// What to do about a query that ended without a result.
public enum QueryRemedy: Sendable, Equatable {
    /// The error is the user's.
    case correctIt
    /// Whose error it is, Athena does not say.
    case lookAtIt
    /// Someone stopped it, or a limit did.
    case sendAgain
    /// The reason passes.
    case sendLater
    /// No command sends it again, since it was named by its id.
    case nameAnother

    var advice: String {
        switch self {
        case .correctIt: "correct the query, then run it again"
        case .lookAtIt: "correct the query if it is at fault, then run it again"
        case .sendAgain: "run the same command again, which sends the query again"
        case .sendLater: "run the same command again later, which sends the query again"
        case .nameAnother: "give the id of a query that has succeeded, or a statement instead of --query-execution-id"
        }
    }
}

/// What became of a query that is not waited for any more.
public enum QueryFate: Sendable, Equatable {
    /// Athena has stopped it.
    case stopped
    /// It was not told to stop.
    case running
    /// It was told to stop, and no answer came.
    case unknown

    var description: String {
        switch self {
        case .stopped:
            "and was stopped; raise --query-timeout and run the same command again, which sends the query again and pays "
                + "for it again (--leave-query-running avoids that)"
        case .running:
            "and still runs; run the same command again to continue waiting for it, or raise --query-timeout"
        case .unknown:
            "and was told to stop, which Athena did not confirm; raise --query-timeout and run the same command again, "
                + "which sends the query again only if it was stopped"
        }
    }
}

/// A result that is there and was not exported, and the way to export it without another query.
public struct PaidResult: Sendable, Equatable {
    public let queryExecutionID: String
    /// It was named by its id already.
    let isNamed: Bool
    /// Rows of it are in files, so the run has to be given up.
    let hasRowsInFiles: Bool
    /// The run goes by a cursor, which a query that is named by its id has no place for.
    let hasCursor: Bool

    var advice: String {
        let restart = hasRowsInFiles ? "--restart and " : ""
        if isNamed {
            return "this result can be read again without another query" + (hasRowsInFiles ? ", with --restart" : "")
        }
        return "this result is paid for: to export it without another query, give \(restart)--query-execution-id "
            + "\(queryExecutionID) in place of the statement" + (hasCursor ? " and the cursor" : "")
    }
}
