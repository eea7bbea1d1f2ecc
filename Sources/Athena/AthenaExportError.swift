package import AWS
package import BatchExport
package import JSON

/// Errors between a query and its rows.
package enum AthenaExportError: Error, Sendable, CustomStringConvertible {
    /// The query ended FAILED or CANCELLED.
    case queryEnded(queryExecutionID: String, state: String, reason: String?, athenaError: String?, QueryRemedy)
    /// StartQueryExecution refused the request for a reason that an option removes, which the advice names.
    case startRefused(AWSServiceError, advice: String)
    /// StartQueryExecution refused the statement itself.
    case statementRefused(message: String)
    /// The query was not finished in time.
    case queryTimedOut(queryExecutionID: String, limit: Duration, QueryFate)
    /// The statement, such as `INSERT`, does not read rows. It has run.
    case notAQuery(queryExecutionID: String, effect: String)
    /// The columns do not fit the options or the directory, though other options can export this result.
    case resultUnfit(ExportError, PaidResult)
    /// The service does not know the execution or no longer has its result, and a wait of some seconds did not help.
    /// `isNamed`: the user gave the id; this run did not send the query.
    case executionGone(queryExecutionID: String, message: String, isNamed: Bool)
    /// The query has succeeded, but its result is called unfinished for longer than the run waits.
    case resultNotReady(queryExecutionID: String, message: String)
    /// An answer with a single row of the result is too large; `limit` in bytes.
    case rowTooLarge(queryExecutionID: String, limit: Int)
    /// An answer that cannot be read; `origin` is the recorded file it came from.
    case malformedAnswer(operation: String, origin: String?, requestID: String?, JSONError)
    /// The result object cannot be read from S3: access, reach, retries.
    case resultUnreadable(S3Location, AWSError)
    /// There is no result object at its place, or no longer.
    case resultGone(S3Location, message: String)
    /// The object was replaced: its rows and those that were read do not belong together.
    case resultReplaced(S3Location)
    /// The object is not the CSV that Athena writes; `offset` is in bytes from its beginning.
    case malformedResult(S3Location, offset: Int, reason: String)
    /// The object holds bytes that are no UTF-8; `offset` is that of the first one from its beginning.
    case resultNotUTF8(S3Location, offset: Int)
    /// Rows should be read from S3, and cannot be.
    case notInS3(reason: String)
    /// The first run with a cursor has no value to begin with.
    case noCursor(column: String)
    /// A page leads to itself, so the result would never end.
    case repeatedPageToken
    /// The statement cannot stand inside of another one.
    case unfitStatement(StatementFault)
    /// The execution's statement was not sent with `--nested json`.
    case notNested(queryExecutionID: String)
    /// What is wrong with an UNLOAD.
    case unload(UnloadError)

    package var description: String {
        switch self {
        case .queryEnded(let id, let state, let reason, let error, let remedy):
            "query \(id) ended \(state): \(reason ?? "no reason given")"
                + (error.map { " (AthenaError: \($0))" } ?? "") + "; \(remedy.advice)"
        case .startRefused(let error, let advice): "\(error); \(advice)"
        case .statementRefused(let message):
            "Athena refuses the query: \(message); correct the query, then run it again"
        case .queryTimedOut(let id, let limit, let fate):
            "query \(id) was not finished after \(limit.formatted) \(fate.description)"
        case .notAQuery(let id, let effect):
            "query \(id) is \(effect), which gives no rows to export. It has run: do not send it again; give a query "
                + "that reads rows"
        case .resultUnfit(let error, let result): "\(error); \(result.advice)"
        case .executionGone(let id, let message, true):
            "Athena does not have query \(id) or its result (\(message)). Its history lasts 45 days and its result as "
                + "long as the object in S3; if the query is recent, run the same command again, if not, check the id and "
                + "the region"
        case .executionGone(let id, let message, false):
            "Athena does not have query \(id) or its result (\(message)). Its history lasts 45 days and its result as "
                + "long as the object in S3. If the query is recent, run the same command again, which sends nothing; "
                + "if it is gone, --restart sends a new one"
        case .resultNotReady(let id, let message):
            "query \(id) has succeeded, but Athena does not give its result yet (\(message)); run the same command "
                + "again later, which does not send the query again"
        case .rowTooLarge(let id, let limit):
            "one row of the result of query \(id) makes an answer of more than \(limit) bytes; run the same command "
                + "with --source s3, which reads this result without another query"
        case .malformedAnswer(let operation, let origin, let requestID, let error):
            "\(origin ?? "the answer to \(operation)" + (requestID.map { " (request \($0))" } ?? "")): "
                + "\(error); " + (origin == nil ? "run the same command again" : "record the answer again")
        case .resultUnreadable(let location, let error): "the result object \(location) cannot be read: \(error)"
        case .resultGone(let location, let message):
            "there is no result object \(location) (\(message)); use --source api if the query is recent, or run it "
                + "again with --restart"
        case .resultReplaced(let location):
            "the result object \(location) was replaced while it was being read, so the rest of its rows may be of "
                + "another result; run the query again with --restart"
        case .malformedResult(let location, let offset, let reason):
            "the result object \(location), byte \(offset): \(reason); use --source api, or run the query again with "
                + "--restart"
        case .resultNotUTF8(let location, let offset):
            "the result object \(location), byte \(offset): the text is not valid UTF-8; run the same command with "
                + "--source auto or api, which reads this result without another query"
        case .noCursor(let column):
            "no run has left a value of cursor column \(column.prefix(100)) yet; give --cursor-start, the first value "
                + "the first run reads"
        case .notInS3(let reason): "--source s3: \(reason); use --source auto or api"
        case .unfitStatement(let fault):
            "the statement \(fault), so it cannot be sent inside of another one; nothing was sent; correct it, or leave out "
                + "--source unload and --nested json"
        case .notNested(let id):
            "query \(id) was not sent with --nested json, so what is nested in its result is text; leave out --nested json"
        case .unload(let error): "\(error)"
        case .repeatedPageToken:
            "a page of the result names itself or an earlier page as the next one, so the result would never end; "
                + "run the same command again"
        }
    }
}

extension AthenaExportError: AnswerFault {
    /// A recorded answer is the same every time; an answer of the network may have been a proxy's.
    package var isFinal: Bool {
        if case .malformedAnswer(_, let origin, _, _) = self { origin != nil } else { false }
    }
}

extension Duration {
    /// The form of options: `90s`, `30m`.
    fileprivate var formatted: String {
        let seconds = components.seconds
        return seconds % 60 == 0 && seconds > 0 ? "\(seconds / 60)m" : "\(seconds)s"
    }
}
