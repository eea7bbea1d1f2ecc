/// What a statement does, as far as its words show before Athena reads it.
///
/// Athena checks the statement itself. This only keeps a statement from being sent that changes something, or whose
/// answer has no rows: it would be paid for, and there would be nothing to export.
package struct StatementScanner: Sendable {
    /// There is nothing but blanks, comments and semicolons.
    package let isEmpty: Bool
    /// The first words in capitals: `SELECT`, `INSERT`, `EXPLAIN ANALYZE INSERT`; nil if the statement begins with no
    /// word.
    package let verb: String?
    /// The first word in capitals of what is carried out in the end: `INSERT` of `EXPLAIN ANALYZE INSERT`.
    package var innermostVerb: String? { verb?.split(separator: " ").last.map(String.init) }
    /// Its answer has rows, and getting them changes nothing. An EXECUTE counts, though what was prepared may be anything.
    package let readsRows: Bool

    /// The words that a statement which reads rows begins with. USING stands before the SELECT that calls a function of
    /// one's own.
    package static let readingVerbs = [
        "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXECUTE", "USING",
    ]
    /// Words between EXPLAIN ANALYZE and its statement.
    private static let explainOptions = ["VERBOSE", "FORMAT", "TEXT", "JSON"]

    package init(_ text: String) {
        var tokens = SQLLexer(text)
        guard let first = tokens.nextToken(skipping: ";(") else {
            (isEmpty, verb, readsRows) = (true, nil, false)
            return
        }
        isEmpty = false
        guard let word = first.word else {
            (verb, readsRows) = (nil, false)
            return
        }
        guard let inner = Self.inner(of: word, &tokens) else {
            (verb, readsRows) = (word, Self.readingVerbs.contains(word))
            return
        }
        verb = ([inner.outer] + [inner.statement.verb].compactMap { $0 }).joined(separator: " ")
        readsRows = inner.statement.readsRows
    }

    private init(verb: String?) {
        isEmpty = false
        self.verb = verb
        readsRows = verb.map { Self.readingVerbs.contains($0) } ?? false
    }

    /// The statement that another one carries out; nil if it carries out none.
    ///
    /// - Parameter tokens: those behind the first word.
    private static func inner(
        of word: String, _ tokens: inout SQLLexer
    ) -> (outer: String, statement: StatementScanner)? {
        // EXPLAIN alone runs nothing.
        let next = ["EXPLAIN", "EXECUTE"].contains(word) ? tokens.nextToken(skipping: "")?.word : nil
        switch (word, next) {
        case ("EXPLAIN", "ANALYZE"):
            while let token = tokens.nextToken(skipping: "(,)") {
                if let word = token.word, explainOptions.contains(word) { continue }
                return ("EXPLAIN ANALYZE", StatementScanner(verb: token.word))
            }
            return ("EXPLAIN ANALYZE", StatementScanner(verb: nil))
        case ("EXECUTE", "IMMEDIATE"):
            return ("EXECUTE IMMEDIATE", StatementScanner(tokens.nextToken(skipping: "")?.quotedText ?? ""))
        default: return nil
        }
    }
}

extension SQLLexer {
    /// The next token that is no blank, no comment and none of some symbols.
    fileprivate mutating func nextToken(skipping symbols: StaticString) -> Token? {
        while let token = next() {
            switch token.kind {
            case .blank, .comment: continue
            case .symbol where "\(symbols)".utf8.contains(token.text[token.text.startIndex]): continue
            default: return token
            }
        }
        return nil
    }
}

extension SQLLexer.Token {
    /// In capitals; nil if it is no word.
    var word: String? { kind == .word ? String(decoding: text, as: UTF8.self).uppercased() : nil }

    /// The text between the quotes, up to the first doubled one; nil if it is no quotation.
    fileprivate var quotedText: String? {
        guard kind == .quotation, text.first == UInt8(ascii: "'") else { return nil }
        return String(decoding: text.dropFirst().dropLast(), as: UTF8.self)
    }
}
