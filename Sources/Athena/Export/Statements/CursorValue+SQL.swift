package import BatchExport

extension CursorValue {
    /// The literal in Trino's syntax. Parameters are literals in text, so texts have their quotes and typed values
    /// their type (Athena User Guide, "Using parameterized queries").
    package var sqlLiteral: String {
        switch kind {
        // Digits alone: their type is the smallest integer type that holds them, which compares with any other.
        case .integer: text
        // Digits without a point would be an integer, and perhaps too large for one.
        case .decimal: "DECIMAL '\(text)'"
        case .date: "DATE '\(text)'"
        case .timestamp, .zonedTimestamp: "TIMESTAMP '\(text)'"
        case .text: SQLQuotation.text(of: text)
        }
    }

    /// Reads a value as a user types it: a literal as above, or the bare value, whose form shows its type.
    ///
    /// A time in ISO 8601 becomes a timestamp; one with a time zone is converted to UTC, the zone of Athena's sessions.
    ///
    /// - Returns: nil for a text that is too long, an invalid literal, and a time with a zone that the calendar does not have.
    package init?(given text: String) {
        if let quoted = SQLQuotation.content(of: text[...]) {
            self.init(.text, quoted)
            return
        }
        for (word, kinds) in Self.typeNames where text.uppercased().hasPrefix(word + " '") {
            guard let quoted = SQLQuotation.content(of: text.dropFirst(word.count + 1)) else { return nil }
            self.init(quoted, asFirstOf: kinds)
            return
        }
        guard text.utf8.first != SQLQuotation.mark else { return nil }
        if let moment = ISOMoment(text) {
            guard let sql = moment.sql else { return nil }
            self.init(.timestamp, sql)
            return
        }
        // ISO 8601 has a T where SQL has a blank.
        let moment = text.dropFirst(10).first == "T" ? "\(text.prefix(10)) \(text.dropFirst(11))" : text
        if let value = CursorValue(moment, asFirstOf: [.date, .timestamp, .zonedTimestamp]) {
            self = value
        } else {
            self.init(text, asFirstOf: [.integer, .decimal, .text])
        }
    }

    private static let typeNames: [(String, [Kind])] = [
        ("DATE", [.date]), ("TIMESTAMP", [.timestamp, .zonedTimestamp]), ("DECIMAL", [.decimal]),
    ]

    private init?(_ text: String, asFirstOf kinds: [Kind]) {
        guard let value = kinds.lazy.compactMap({ CursorValue($0, text) }).first else { return nil }
        self = value
    }
}
