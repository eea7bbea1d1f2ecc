package import BatchExport

/// A statement with `{cursor}` in the place of the value from which a run reads.
///
/// The value never becomes part of the text. The placeholder becomes a `?`, and the value is the execution parameter
/// for that `?`. In texts, quoted names and comments, `{cursor}` and `?` have no special meaning.
package struct CursorTemplate: Sendable {
    package static let placeholder = "{cursor}"

    /// The statement for Athena.
    package let statement: String
    /// For each `?` of it in order, whether it stands for the cursor.
    private let isCursor: [Bool]

    package init(_ text: String) {
        var statement: [UInt8] = []
        var marks: [Bool] = []
        for token in SQLLexer(text) {
            if token.kind == .placeholder {
                statement.append(UInt8(ascii: "?"))
                marks.append(true)
                continue
            }
            if token.text.elementsEqual("?".utf8) { marks.append(false) }
            statement.append(contentsOf: token.text)
        }
        self.statement = String(decoding: statement, as: UTF8.self)
        isCursor = marks
    }

    package var hasPlaceholder: Bool { isCursor.contains(true) }
    /// The number of `?` beside the placeholder.
    package var markCount: Int { isCursor.count { !$0 } }

    /// Whether the statement prepares or executes another one.
    package var isOfPreparedStatement: Bool {
        guard let verb = StatementScanner(statement).verb else { return false }
        return verb == "PREPARE" || verb.hasPrefix("EXECUTE")
    }

    /// The user's parameters with the cursor inserted.
    ///
    /// - Precondition: there are ``markCount`` of them.
    func parameters(_ given: [String], cursor: String) -> [String] {
        var rest = given[...]
        return isCursor.map { $0 ? cursor : rest.removeFirst() }
    }
}

extension AthenaQuery {
    /// The query with the cursor's value; the query itself for a run without a cursor.
    package func filled(with cursor: CursorValue?) -> AthenaQuery {
        guard let cursor else { return self }
        let template = CursorTemplate(statement)
        var query = self
        query.statement = template.statement
        query.parameters = template.parameters(parameters, cursor: cursor.sqlLiteral)
        return query
    }
}
