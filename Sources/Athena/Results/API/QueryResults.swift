import AWS
import BatchExport
import HTTPTransport
import Logging
import Threading

/// The result of one query as GetQueryResults gives it, page by page.
///
/// Two failures are not final here: a result that the service does not have yet, and a page that is too large for an
/// answer, which is requested again with fewer rows.
final class QueryResults: Sendable {
    let queryExecutionID: String
    private let client: AthenaClient
    private let early: EarlyAnswers
    private let size = Locked(PageSize())
    private let hasAnswered = Locked(false)

    /// - Parameter early: for how long a missing result counts as not ready yet.
    init(client: AthenaClient, queryExecutionID: String, early: EarlyAnswers) {
        self.client = client
        self.queryExecutionID = queryExecutionID
        self.early = early
    }

    /// - Parameters:
    ///   - token: leads to the page; nil for the first one.
    ///   - onNextToken: gets the next page's token while this page still arrives.
    /// - Throws: ``AthenaExportError/rowTooLarge(queryExecutionID:limit:)`` if not even one row fits an answer.
    func page(at token: String?, onNextToken: (@Sendable (String) -> Void)? = nil) async throws -> ResultsAnswer {
        while true {
            if let page = try await pageUnlessTooLarge(at: token, onNextToken: onNextToken) { return page }
        }
    }

    /// The first page; nil if it is too large for an answer. The next call then requests fewer rows.
    func firstPageUnlessTooLarge() async throws -> ResultsAnswer? {
        try await pageUnlessTooLarge(at: nil, onNextToken: nil)
    }

    /// The columns alone.
    func columns() async throws -> [ColumnInfo] {
        try await ask(for: nil, rows: 1, onNextToken: nil).columns
    }

    private func pageUnlessTooLarge(
        at token: String?, onNextToken: (@Sendable (String) -> Void)?
    ) async throws -> ResultsAnswer? {
        let rows = size.withLock { $0.rows }
        do {
            let page = try await ask(for: token, rows: rows, onNextToken: onNextToken)
            size.withLock { $0.grow(after: (page.rows.rowCount, page.rows.bytes.count), limit: client.pageBytes) }
            return page
        } catch let error as AWSError where error.isTooLargeAnswer {
            guard size.withLock({ $0.shrink(from: rows) }) else {
                throw AthenaExportError.rowTooLarge(queryExecutionID: queryExecutionID, limit: client.pageBytes)
            }
            early.logger.notice(
                "a page of \(rows) rows is too large; asking for fewer rows",
                metadata: ["event": "page_too_large", "rows": .stringConvertible(rows)])
            return nil
        }
    }

    private func ask(
        for token: String?, rows: Int, onNextToken: (@Sendable (String) -> Void)?
    ) async throws -> ResultsAnswer {
        let call = { [client, queryExecutionID] in
            try await client.getQueryResults(
                queryExecutionID, nextToken: token, maxRows: rows, onNextToken: onNextToken)
        }
        // A result that was read from before is not late; if it is missing now, it is gone.
        let page = hasAnswered.withLock { $0 } ? try await call() : try await early.waitedOut(queryExecutionID, call)
        hasAnswered.withLock { $0 = true }
        return page
    }
}

extension AWSError {
    /// The answer had more bytes than were allowed.
    fileprivate var isTooLargeAnswer: Bool {
        if case .transport(_, .bodyTooLarge, _) = self { true } else { false }
    }
}
