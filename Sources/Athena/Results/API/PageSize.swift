/// How many rows are requested for a page of GetQueryResults: as many as the service allows, fewer where a page was too
/// large.
///
/// Athena limits a page by rows and not by bytes, and a row may have 32 MB. The files do not depend on where pages
/// begin.
struct PageSize: Sendable {
    /// The most that the service allows.
    static let maximum = 1000

    private(set) var rows = maximum

    /// Halves the size after a page of so many rows was too large.
    ///
    /// - Returns: whether a smaller page can be requested.
    mutating func shrink(from rows: Int) -> Bool {
        guard rows > 1 else { return false }
        // Another page may have halved it already.
        self.rows = min(self.rows, rows / 2)
        return true
    }

    /// Doubles the size after a page that would not fill half of an answer even with twice as many rows: large rows may
    /// be few, and the rows behind them need not be slowed down.
    ///
    /// - Parameters:
    ///   - bytes: of the page's answer.
    ///   - limit: bytes that an answer may have.
    mutating func grow(after page: (rows: Int, bytes: Int), limit: Int) {
        guard page.rows >= rows, page.bytes < limit / 4 else { return }
        rows = min(rows * 2, Self.maximum)
    }
}
