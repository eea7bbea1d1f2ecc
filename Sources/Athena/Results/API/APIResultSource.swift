import AWS
import BatchExport
import Threading

/// Rows by GetQueryResults, one page after another.
struct APIResultSource: ResultSource {
    let name = "api"
    let header: HeaderRule
    private let pages: PagePrefetcher
    private let tokens = SeenTokens()
    private let firstPage: Locked<ResultsAnswer?>

    /// - Parameter firstPage: the first page if it has been requested already.
    init(_ results: QueryResults, header: HeaderRule, firstPage: ResultsAnswer? = nil) {
        self.header = header
        self.firstPage = Locked(firstPage)
        pages = PagePrefetcher(results)
    }

    private func takeFirstPage() -> ResultsAnswer? {
        firstPage.withLock { page in
            defer { page = nil }
            return page
        }
    }

    func page(at bookmark: Bookmark) async throws -> ResultPage {
        let page: ResultsAnswer
        do {
            if bookmark.pageToken == nil, let first = takeFirstPage() {
                page = first
            } else {
                page = try await pages.page(at: bookmark.pageToken)
            }
        } catch let error as AWSError where bookmark.pageToken != nil && error.isRefusedPageToken {
            throw BookmarkRefused()
        }
        try tokens.note(page.nextToken, after: bookmark.pageToken)
        // Only the first page can have a header row; on any other page, such a row is data.
        let rows =
            bookmark.pageToken == nil ? try header.removed(from: page.rows, columns: page.columns) : page.rows
        return ResultPage(
            at: bookmark, columns: page.columns.map(\.column), block: rows,
            next: page.nextToken.map { Bookmark(pageToken: $0) })
    }
}

/// The tokens of a result so far: with a page that leads back to an earlier one, the result would never end.
private final class SeenTokens: Sendable {
    /// Hashes, since a long result has many thousands of tokens.
    private let hashes = Locked<Set<Int>>([])

    func note(_ next: String?, after token: String?) throws(AthenaExportError) {
        let isNew = hashes.withLock { hashes in
            // A result that is read again from the beginning gives its tokens again.
            if token == nil { hashes.removeAll() }
            if let token { hashes.insert(token.hashValue) }
            guard let next else { return true }
            return !next.isEmpty && hashes.insert(next.hashValue).inserted
        }
        guard isNew else { throw .repeatedPageToken }
    }
}

extension AWSError {
    /// "Malformed nextPageToken …": the service does not know a token, or no longer.
    fileprivate var isRefusedPageToken: Bool {
        guard case .service(let error, _) = self, error.code == "InvalidRequestException" else { return false }
        return error.message.lowercased().contains("token")
    }

    /// "QueryExecution … was not found", or its result was not: both are gone for good.
    var isUnknownExecution: Bool {
        guard case .service(let error, _) = self, error.code == "InvalidRequestException" else { return false }
        return error.athenaErrorCode == "QUERY_EXECUTION_NOT_FOUND" || error.message.contains("was not found")
            || error.saysThatResultsAreGone
    }

    /// "Query has not yet finished. Current state: RUNNING", in answer to a request for its result.
    var isUnfinishedQuery: Bool {
        guard case .service(let error, _) = self, error.code == "InvalidRequestException" else { return false }
        return error.athenaErrorCode == "INVALID_QUERY_EXECUTION_STATE"
            || error.message.lowercased().contains("not yet finished")
    }

    /// The first and only attempt was refused, so no query can be running.
    var provesThatNothingWasStarted: Bool {
        switch self {
        case .service(let error, let attempts): attempts == 1 && !error.kind.mayHaveBeenAccepted
        case .noCredentials, .expiredCredentials, .noRegion, .configuration: true
        // An earlier attempt may have been accepted, and only a later one lacked credentials.
        case .transport, .untrustedAnswer, .provider: false
        }
    }

    /// StartQueryExecution checks the syntax and refuses an invalid statement.
    var isMalformedQuery: Bool {
        guard case .service(let error, _) = self else { return false }
        return error.athenaErrorCode == "MALFORMED_QUERY"
    }
}

extension AWSServiceError {
    /// "Could not find results", "Query results not found": the object was deleted. Neither text is documented, so only
    /// these words are checked.
    fileprivate var saysThatResultsAreGone: Bool {
        let text = message.lowercased()
        return text.contains("could not find results") || text.contains("results not found")
    }
}

extension AWSServiceError.Kind {
    /// Whether the service may have carried out the request in spite of its answer.
    fileprivate var mayHaveBeenAccepted: Bool {
        switch self {
        case .transient: true
        case .throttling, .concurrentQueryLimit, .expiredCredentials, .clockSkew, .credentialsRefused, .refused: false
        }
    }
}
