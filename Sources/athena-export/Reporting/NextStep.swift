import BatchExport

/// The fate of an interrupted run's query, and what the same command does next.
enum NextStep: CustomStringConvertible {
    /// No run was begun. The question for the query's columns may have been sent.
    case begin(asksForColumns: Bool)
    /// It is not known whether the query arrived.
    case sendWithSameToken
    /// The query was stopped in Athena.
    case sendAgain(stopped: String)
    /// The stop was requested, and no answer came.
    case lookAtStopping(query: String)
    /// Neither a row nor a deleted key is in a file yet.
    case continueQuery(String)
    case continueRows(after: Int)
    /// As ``continueRows(after:)``, for a run that compares each row with those before it.
    case compareAgain(rows: Int)
    /// Every row is in a file, and the files are not uploaded so far.
    case upload(to: String)
    /// Every row is in a file.
    case beginNew

    /// - Parameters:
    ///   - state: of the run; nil if it never had one.
    ///   - asksForColumns: whether the run asks for the query's columns before it begins.
    init(_ state: ExportState?, asksForColumns: Bool = false) {
        self =
            switch state?.phase {
            case nil: .begin(asksForColumns: asksForColumns)
            // A stopped query has ended, and the one in its place may not have been sent.
            case .starting?: state?.stoppedQueryExecutionID.map { .sendAgain(stopped: $0) } ?? .sendWithSameToken
            case .exporting(let query, let checkpoint)?:
                if !checkpoint.isAtStart {
                    state?.readsResultAgain == true
                        ? .compareAgain(rows: checkpoint.rowsExported) : .continueRows(after: checkpoint.rowsExported)
                } else if let stopped = state?.stoppedQueryExecutionID {
                    .sendAgain(stopped: stopped)
                } else if state?.isStoppingQuery == true {
                    .lookAtStopping(query: query.queryExecutionID)
                } else {
                    .continueQuery(query.queryExecutionID)
                }
            case .succeeded?: state?.pendingUpload.map { .upload(to: $0) } ?? .beginNew
            case .failed?: .beginNew
            }
    }

    var description: String {
        switch self {
        case .begin(asksForColumns: false): "no query was sent; the same command begins"
        case .begin(asksForColumns: true):
            "at most the question for the columns was sent, which reads no data and costs nothing; the same command asks "
                + "again"
        case .sendWithSameToken:
            "the query may have been sent; the same command sends it with the same token, so it runs once only"
        case .sendAgain(let query):
            "query \(query) was stopped in Athena; the same command sends it again and pays for it again, unless it was done "
                + "before the stop (--leave-query-running avoids that)"
        case .lookAtStopping(let query):
            "Athena did not confirm the request to stop query \(query); the same command sends it again only if it "
                + "was stopped"
        case .continueQuery(let query): "query \(query) was not stopped; the same command continues with it"
        case .continueRows(let rows):
            "the same command continues after row \(RunSummary.grouped(rows)) and sends no query"
        case .compareAgain(let rows):
            "the same command reads the result again from its beginning, keeps the files of its "
                + (rows > 0 ? "first \(RunSummary.count(rows, "row"))" : "deletes") + ", and sends no query"
        case .upload(let url): "every row is in a file; the same command continues the upload to \(url) without a query"
        case .beginNew: "the same command begins a new run"
        }
    }
}
