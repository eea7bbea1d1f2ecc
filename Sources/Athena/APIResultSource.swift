import AWS
import BatchExport

/// Rows by GetQueryResults, a thousand a page, one page after another.
struct APIResultSource: ResultSource {
    let name = "api"
    let client: AthenaClient
    let queryExecutionID: String
    let header: HeaderRow

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        let page: ResultsPage
        do {
            page = try await client.getQueryResults(queryExecutionID, nextToken: bookmark.pageToken)
        } catch let error as AWSError where bookmark.pageToken != nil && error.isRefusedPageToken {
            throw BookmarkRefused()
        }
        if let token = page.nextToken, token == bookmark.pageToken || token.isEmpty {
            throw AthenaExportError.repeatedPageToken(rowsRead: nil)
        }
        // Only the first page can have a header row; on any other, a row that reads like one is data.
        let rows =
            bookmark.pageToken == nil ? try header.removed(from: page.rows, columns: page.columns) : page.rows
        return ResultPage(
            columns: page.columns.map(\.column), block: rows, next: page.nextToken.map { Bookmark(pageToken: $0) })
    }
}

extension AWSError {
    /// "Malformed nextPageToken …": the service does not know a token, or no longer.
    fileprivate var isRefusedPageToken: Bool {
        guard case .service(let error, _) = self, error.code == "InvalidRequestException" else { return false }
        return error.message.lowercased().contains("token")
    }

    /// "QueryExecution … was not found".
    var isUnknownExecution: Bool {
        guard case .service(let error, _) = self, error.code == "InvalidRequestException" else { return false }
        return error.athenaErrorCode == "QUERY_EXECUTION_NOT_FOUND" || error.message.contains("was not found")
    }

    /// The first and only attempt was refused: no query can be running that nobody knows of.
    var provesThatNothingWasStarted: Bool {
        switch self {
        case .service(let error, let attempts): attempts == 1 && !error.kind.mayHaveBeenAccepted
        case .noCredentials, .expiredCredentials, .noRegion, .configuration: true
        case .transport: false
        }
    }

    /// StartQueryExecution checks the syntax and refuses a statement that has none.
    var isMalformedQuery: Bool {
        guard case .service(let error, _) = self else { return false }
        return error.athenaErrorCode == "MALFORMED_QUERY"
    }
}

extension AWSServiceError.Kind {
    /// Whether the service may have carried the request out in spite of its answer.
    fileprivate var mayHaveBeenAccepted: Bool {
        switch self {
        case .transient: true
        case .throttling, .concurrentQueryLimit, .expiredCredentials, .clockSkew, .credentialsRefused, .refused: false
        }
    }
}
