/// A query as it can stand in the parentheses of another statement: one statement that reads rows, without the semicolons
/// around it and what follows them.
package struct InnerStatement: Sendable, Equatable {
    package let text: String
    /// It sorts its rows, which means nothing in parentheses.
    package let isSorted: Bool

    /// - Throws: ``StatementFault``. What this takes may still be wrong: Athena alone reads all of SQL.
    package init(_ statement: String) throws(StatementFault) {
        var reader = InnerStatementReader()
        for token in SQLLexer(statement) { try reader.read(token) }
        (text, isSorted) = (try reader.text(), reader.isSorted)
        let scanner = StatementScanner(text)
        guard let verb = scanner.verb, Self.verbs.contains(verb) else { throw .notAQuery(verb: scanner.verb) }
    }

    /// What a query in parentheses begins with. USING and EXECUTE read rows too, but stand only at the top.
    private static let verbs: Set<String> = ["SELECT", "WITH", "VALUES", "TABLE"]
}

/// Why a statement cannot stand in another one.
package enum StatementFault: Error, Equatable, Sendable, CustomStringConvertible {
    case empty
    /// A quotation or a comment has no end; in words.
    case unclosed(String)
    case unbalancedParentheses
    case severalStatements
    /// `SHOW`, `DESCRIBE`, `EXPLAIN` and the like, by the words that it begins with.
    case notAQuery(verb: String?)

    /// The problem, as the rest of a sentence about the statement.
    package var description: String {
        switch self {
        case .empty: "is empty"
        case .unclosed(let what): "has \(what) that is not closed"
        case .unbalancedParentheses: "has a parenthesis that is not closed, or closes none"
        case .severalStatements: "is more than one statement"
        case .notAQuery(let verb?):
            "begins with \(verb.prefix(80)), and only SELECT, WITH, VALUES or TABLE can stand in parentheses"
        case .notAQuery(nil): "does not begin with a word"
        }
    }
}

/// Reads a statement token by token.
private struct InnerStatementReader {
    private(set) var isSorted = false
    private var bytes: [UInt8] = []
    private var depth = 0
    private var hasBegun = false
    /// A semicolon behind the statement was read.
    private var hasEnded = false
    private var isAfterOrder = false

    mutating func read(_ token: SQLLexer.Token) throws(StatementFault) {
        if let part = token.unclosedPart { throw .unclosed(part) }
        let isSemicolon = token.isSymbol(";")
        switch token.kind {
        case .blank, .comment: break
        case .symbol where isSemicolon:
            if !hasBegun { bytes.removeAll() }
            hasEnded = hasBegun
        default:
            guard !hasEnded else { throw .severalStatements }
            hasBegun = true
            try readSignificant(token)
        }
        if !hasEnded, !isSemicolon { bytes.append(contentsOf: token.text) }
    }

    private mutating func readSignificant(_ token: SQLLexer.Token) throws(StatementFault) {
        if token.isSymbol("(") { depth += 1 }
        if token.isSymbol(")") { depth -= 1 }
        guard depth >= 0 else { throw .unbalancedParentheses }
        if isAfterOrder, depth == 0, token.word == "BY" { isSorted = true }
        isAfterOrder = token.word == "ORDER"
    }

    func text() throws(StatementFault) -> String {
        guard hasBegun else { throw .empty }
        guard depth == 0 else { throw .unbalancedParentheses }
        let start = bytes.firstIndex { !$0.isSQLBlank } ?? 0
        let end = bytes.lastIndex { !$0.isSQLBlank } ?? 0
        return String(decoding: bytes[start...end], as: UTF8.self)
    }
}

extension SQLLexer.Token {
    fileprivate func isSymbol(_ symbol: Unicode.Scalar) -> Bool {
        kind == .symbol && text.elementsEqual(CollectionOfOne(UInt8(ascii: symbol)))
    }

    /// The name of the token, for a message that its end is missing.
    fileprivate var unclosedPart: String? {
        switch kind {
        case .quotation: text.count > 1 && text.last == text.first ? nil : "a quotation"
        case .comment:
            text.starts(with: "--".utf8) || text.count > 3 && text.suffix(2).elementsEqual("*/".utf8)
                ? nil : "a comment"
        default: nil
        }
    }
}
