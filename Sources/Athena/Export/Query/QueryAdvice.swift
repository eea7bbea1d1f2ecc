/// The advice about a query that ended without a result.
package enum QueryRemedy: Sendable, Equatable {
    /// The error is the user's.
    case correctIt
    /// Athena does not say whose error it is.
    case lookAtIt
    /// A user or a limit stopped it.
    case sendAgain
    /// The reason is temporary.
    case sendLater
    /// A nested value holds something that JSON has no form for.
    case castInnerValues
    /// No command sends it again, since it was named by its id.
    case nameAnother

    var advice: String {
        switch self {
        case .correctIt: "correct the query, then run it again"
        case .lookAtIt: "correct the query if it is at fault, then run it again"
        case .sendAgain: "run the same command again, which sends the query again"
        case .sendLater: "run the same command again later, which sends the query again"
        case .castInnerValues:
            "an array, map or row holds values that cannot become JSON (varbinary, char, time, a time zone, uuid); cast "
                + "them to varchar in the query, then run it again"
        case .nameAnother: "give the id of a query that has succeeded, or a statement instead of --query-execution-id"
        }
    }
}

/// The fate of a query that is not waited for any more.
package enum QueryFate: Sendable, Equatable {
    /// Athena has stopped it.
    case stopped
    /// The run did not request a stop.
    case running
    /// The run requested a stop, and no answer came.
    case unknown
    /// It only asks for columns. A stop was requested; without an answer it may still run.
    case columnsOnly(isStopped: Bool)

    var description: String {
        switch self {
        case .stopped:
            "and was stopped; raise --query-timeout and run the same command again, which sends the query again and pays "
                + "for it again (--leave-query-running avoids that)"
        case .running:
            "and still runs; run the same command again to continue waiting for it, or raise --query-timeout"
        case .unknown:
            "and Athena did not confirm the request to stop it; raise --query-timeout and run the same command again, "
                + "which sends the query again only if it was stopped"
        case .columnsOnly(let isStopped):
            (isStopped ? "and was stopped" : "and Athena did not confirm the request to stop it")
                + "; it only asks for the columns, so it reads no data and costs nothing; raise --query-timeout and run the "
                + "same command again, which asks again"
        }
    }
}

/// A result that exists and was not exported, and the way to export it without another query.
package struct PaidResult: Sendable, Equatable {
    package let queryExecutionID: String
    /// The query was already named by its id.
    let isNamed: Bool
    /// Rows of it are in files, so the run has to be given up.
    let hasRowsInFiles: Bool
    /// The run uses a cursor, which cannot be combined with a query's id.
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
