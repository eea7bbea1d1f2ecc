import Threading

/// The statements that do not have the whole result: UNLOADs, and questions for the columns.
final class SentStatements: Sendable {
    private let statements = Locked<[String: Statement]>([:])

    enum Statement {
        /// A query that ends in `LIMIT 0`.
        case withoutRows(String)
        /// The target is `s3://bucket/prefix/`.
        case unload(String, target: String)

        /// - Returns: nil for any other query.
        init?(_ text: String) {
            if text.hasPrefix("UNLOAD") {
                guard let to = text.ranges(of: " TO '").last, let end = text[to.upperBound...].firstIndex(of: "'")
                else {
                    return nil
                }
                self = .unload(text, target: String(text[to.upperBound..<end]))
            } else if text.hasSuffix(" LIMIT 0") {
                self = .withoutRows(text)
            } else {
                return nil
            }
        }

        var text: String {
            switch self {
            case .withoutRows(let text), .unload(let text, _): text
            }
        }
    }

    func add(_ text: String, _ queryExecutionID: String) {
        guard let statement = Statement(text) else { return }
        statements.withLock { $0[queryExecutionID] = statement }
    }

    /// - Returns: nil for a query that has the whole result.
    func statement(of queryExecutionID: String) -> Statement? {
        statements.withLock { $0[queryExecutionID] }
    }
}
