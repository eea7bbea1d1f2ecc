import BatchExport

/// A statement with `{cursor}` where the value goes from which a run reads on.
///
/// The value never becomes part of the text: the placeholder becomes a `?` like the user's own, and the value one of
/// the execution parameters, at the place that the `?` has among them. Inside of texts, quoted names and comments
/// neither `{cursor}` nor `?` is anything but what it looks like.
public struct CursorTemplate: Sendable {
    public static let placeholder = "{cursor}"

    /// What Athena is sent.
    public let statement: String
    /// For each `?` of it in order, whether it stands for the cursor.
    private let isCursor: [Bool]

    public init(_ text: String) {
        var statement: [UInt8] = []
        var marks: [Bool] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let token = Self.token(rest)
            rest = rest.dropFirst(token.count)
            if token.elementsEqual(Self.placeholder.utf8) {
                statement.append(UInt8(ascii: "?"))
                marks.append(true)
                continue
            }
            if token.elementsEqual("?".utf8) { marks.append(false) }
            statement.append(contentsOf: token)
        }
        self.statement = String(decoding: statement, as: UTF8.self)
        isCursor = marks
    }

    public var hasPlaceholder: Bool { isCursor.contains(true) }
    /// How many `?` there are beside the placeholder.
    public var markCount: Int { isCursor.count { !$0 } }

    /// Whether the statement is one that prepares or executes another one.
    public var isOfPreparedStatement: Bool {
        var rest = Array(statement.utf8)[...]
        while let first = rest.first {
            let token = Self.token(rest)
            let isComment = token.starts(with: "--".utf8) || token.starts(with: "/*".utf8)
            guard isComment || [0x20, 0x09, 0x0a, 0x0d].contains(first) else { break }
            rest = rest.dropFirst(token.count)
        }
        let word = String(decoding: rest.prefix(8), as: UTF8.self).uppercased()
        return ["EXECUTE", "PREPARE"].contains { word.hasPrefix($0) }
    }

    /// The user's parameters, with the cursor among them.
    ///
    /// - Precondition: there are ``markCount`` of them.
    func parameters(_ given: [String], cursor: String) -> [String] {
        var rest = given[...]
        return isCursor.map { $0 ? cursor : rest.removeFirst() }
    }

    /// The next part of the text that must not be taken apart: a quotation, a comment, the placeholder, or one byte.
    private static func token(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        switch text.first {
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
            // A doubled quote ends one quotation and begins the next, which comes to the same.
            return text.dropFirst().firstIndex(of: text.first!).map { text[...$0] } ?? text
        case UInt8(ascii: "-") where text.starts(with: "--".utf8):
            return text.firstIndex(of: UInt8(ascii: "\n")).map { text[..<$0] } ?? text
        case UInt8(ascii: "/") where text.starts(with: "/*".utf8):
            let body = text.dropFirst(2)
            let end = body.indices.first { body[$0...].starts(with: "*/".utf8) }
            return end.map { text[...($0 + 1)] } ?? text
        case UInt8(ascii: "{") where text.starts(with: placeholder.utf8): return text.prefix(placeholder.utf8.count)
        default: return text.prefix(1)
        }
    }
}

extension AthenaQuery {
    /// The query with the cursor in its place; the query itself for a run that does not go by one.
    func filled(with cursor: CursorValue?) -> AthenaQuery {
        guard let cursor else { return self }
        let template = CursorTemplate(statement)
        var query = self
        query.statement = template.statement
        query.parameters = template.parameters(parameters, cursor: cursor.sqlLiteral)
        return query
    }
}
