import Text

/// Names and texts of any content, written in SQL dialects.
enum SQLQuoting {
    /// A name as the SQL standard writes it.
    static func name(_ name: String) -> String { enclose(name, in: "\"") }

    /// A text as the SQL standard writes it; for dialects in which a backslash is an ordinary character.
    static func text(_ text: String) -> String { enclose(text, in: "'") }

    /// A text for dialects in which a backslash begins an escape.
    static func escapedText(_ text: String) -> String { enclose(text.escaping("\\"), in: "'") }

    /// A text in a form that does not depend on how a PostgreSQL server reads backslashes.
    static func anyText(_ content: String) -> String {
        content.utf8.contains(.backslash) ? "E" + escapedText(content) : text(content)
    }

    /// A dollar quote that none of the texts contains, for a body that contains the texts.
    static func dollarQuote(around texts: [String]) -> String {
        var tag = "$athena_export"
        while texts.contains(where: { $0.utf8.contains(tag.utf8) }) { tag += "_" }
        return tag + "$"
    }

    static func list(_ items: [String]) -> String { items.joined(separator: ", ") }

    /// Items on lines of their own, indented.
    static func lines(_ items: [String], indentation: Int = 2) -> String {
        let margin = String(repeating: " ", count: indentation)
        return items.map { margin + $0 }.joined(separator: ",\n")
    }

    private static func enclose(_ text: String, in quote: Unicode.Scalar) -> String {
        "\(quote)\(text.escaping(quote))\(quote)"
    }
}

extension String {
    /// The text with each occurrence of a scalar doubled.
    ///
    /// By scalars: to Swift, a quote and a combining accent after it are one character; to a database they are two.
    func escaping(_ scalar: Unicode.Scalar) -> String {
        var text = UnicodeScalarView()
        for other in unicodeScalars {
            if other == scalar { text.append(scalar) }
            text.append(other)
        }
        return String(text)
    }
}

extension Column {
    /// Precision and scale, if this is a decimal type that the target can have.
    func decimalDigits(atMost limit: Int) -> (precision: Int, scale: Int)? {
        guard let precision, let scale, (1...limit).contains(precision), (0...precision).contains(scale) else {
            return nil
        }
        return (precision, scale)
    }
}
