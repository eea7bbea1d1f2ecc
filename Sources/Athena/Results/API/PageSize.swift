/// How many rows a page of GetQueryResults is asked for: as many as the service allows, fewer where a page was too large.
///
/// Athena bounds a page by rows and not by bytes, and a row may have 32 MB. Where pages begin has no part in the files.
struct PageSize: Sendable {
    /// The most that the service allows.
    static let maximum = 1000

    private(set) var rows = maximum

    /// Halves the size after a page of so many rows was too large.
    ///
    /// - Returns: whether a smaller page can be asked for.
    mutating func shrink(from rows: Int) -> Bool {
        guard rows > 1 else { return false }
        // Another page may have halved it already.
        self.rows = min(self.rows, rows / 2)
        return true
    }

    /// Doubles the size after a page that twice as many rows would not fill by half: large rows may stand together, and
    /// those behind them need not pay for it.
    ///
    /// - Parameters:
    ///   - bytes: of the page's answer.
    ///   - limit: bytes that an answer may have.
    mutating func grow(after page: (rows: Int, bytes: Int), limit: Int) {
        guard page.rows >= rows, page.bytes < limit / 4 else { return }
        rows = min(rows * 2, Self.maximum)
    }
}
