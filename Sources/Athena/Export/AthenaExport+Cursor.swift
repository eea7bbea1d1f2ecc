package import BatchExport
import Logging

extension AthenaExport {
    /// The cursor column of an incremental export.
    package struct CursorChoice: Sendable, Equatable {
        package let column: String
        /// The value for the first run; nil if there has been one.
        package let start: CursorValue?

        package init(column: String, start: CursorValue?) {
            self.column = column
            self.start = start
        }
    }

    /// The cursor of a new run. A run without a cursor keeps the one of earlier runs.
    ///
    /// - Throws: ``AthenaExportError/noCursor(column:)`` for a first run without a value to begin with.
    func newCursor() async throws -> CursorState? {
        guard let choice = options.cursor else {
            return await journal.state?.cursor.map {
                CursorState(column: $0.column, committed: $0.committed, from: nil)
            }
        }
        let committed = await journal.committedCursor(of: choice.column)
        guard let from = committed ?? choice.start else { throw AthenaExportError.noCursor(column: choice.column) }
        if committed != nil, let before = await journal.state, before.cursor?.from != nil,
            before.request.isOfOtherRows(than: options.request)
        {
            logger.warning(
                """
                the cursor was left by another statement or database, and nothing before it is read; give other rows a \
                --table of their own
                """,
                metadata: [
                    "event": "cursor_of_other_query", "cursor_column": "\(choice.column)", "from": "\(from.text)",
                ]
            )
        }
        logger.info(
            "reading on",
            metadata: ["event": "cursor_applied", "cursor_column": "\(choice.column)", "from": "\(from.text)"])
        return CursorState(column: choice.column, committed: committed, from: from)
    }
}

extension ExportRequest {
    /// Whether the statement or the place where it runs differs.
    fileprivate func isOfOtherRows(than other: ExportRequest) -> Bool {
        ["query_sha256", "catalog", "database"].contains { value($0) != other.value($0) }
    }
}
