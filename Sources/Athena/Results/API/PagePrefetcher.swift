import Threading

/// Requests each page as soon as its token is known. The service sends the token before the rows, so the next page is
/// on its way while most of this one still is.
///
/// At most one page is requested ahead.
final class PagePrefetcher: Sendable {
    private let results: QueryResults
    private let state = Locked(State())

    private struct State {
        /// Leads to the page that the caller asked for last; nil for the first page.
        var wanted: String?
        /// The token that the page ahead has given for the page behind it; nil until it has.
        var following: String?
        /// The page after it, on its way.
        var ahead: (token: String, task: Task<ResultsAnswer, any Error>)?
    }

    init(_ results: QueryResults) {
        self.results = results
    }

    deinit { state.withLock { $0.ahead?.task.cancel() } }

    /// - Parameter token: leads to the page; nil for the first one.
    func page(at token: String?) async throws -> ResultsAnswer {
        let task = want(token)
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func want(_ token: String?) -> Task<ResultsAnswer, any Error> {
        state.withLock { state in
            let ahead = state.ahead
            state.wanted = token
            state.ahead = nil
            guard let ahead, ahead.token == token else {
                ahead?.task.cancel()
                state.following = nil
                return fetch(token)
            }
            // The page may have given the next token before it was requested.
            if let following = state.following { state.ahead = (following, fetch(following)) }
            state.following = nil
            return ahead.task
        }
    }

    private func fetch(_ token: String?) -> Task<ResultsAnswer, any Error> {
        let onNextToken = { @Sendable [weak self] (next: String) -> Void in self?.note(next, after: token) }
        return Task { [results] in try await results.page(at: token, onNextToken: onNextToken) }
    }

    private func note(_ next: String, after token: String?) {
        state.withLock { state in
            if state.wanted == token {
                // Requested again after a failed attempt, a page gives the same token; with fewer rows, another one.
                guard state.ahead?.token != next else { return }
                state.ahead?.task.cancel()
                state.ahead = (next, fetch(next))
            } else if state.ahead?.token == token {
                state.following = next
            }
        }
    }
}
