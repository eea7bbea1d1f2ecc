import BatchExport
import Text

/// The SELECT around a query that makes of every value something that can be read back without loss.
///
/// Its columns have names of their own, `c0000` and so on: so no case, length, reserved word or repeated name of the query
/// matters. Arrays, maps and rows become JSON, and everything else that is not a boolean, a number or a text becomes text
/// where the engine makes it: then it does not depend on what writes the rows.
struct OuterSelect: Sendable, Equatable {
    let text: String

    /// - Parameter forms: of the query's columns, in order.
    init(around statement: InnerStatement, forms: [ColumnForm]) {
        let names = forms.indices.map { "\"\(Self.name(ofColumn: $0))\"" }
        let expressions = zip(forms, names).map { form, name in "\(form.expression(name)) AS \(name)" }
        // The query stands on lines of its own, so that a comment at its end does not hide the parenthesis.
        text = """
            SELECT \(expressions.joined(separator: ", ")) FROM (
            \(statement.text)
            ) AS t (\(names.joined(separator: ", ")))
            """
    }

    /// What the columns are called in place of their own names.
    static func name(ofColumn index: Int) -> String {
        "c" + index.padded(4)
    }

    /// Finds the query in a text that this type has made.
    ///
    /// - Returns: nil for a text of another form. A text that only looks like it gives another text when it is made again
    ///   from its columns.
    static func innerStatement(of text: String) -> InnerStatement? {
        guard text.hasPrefix("SELECT "), let start = text.firstRange(of: " FROM (\n"),
            let end = text[start.upperBound...].ranges(of: "\n) AS t (\"c0000\"").last
        else { return nil }
        return try? InnerStatement(String(text[start.upperBound..<end.lowerBound]))
    }
}

/// How the values of a column are selected, and what their texts are then.
enum ColumnForm: Sendable, Equatable {
    /// As they are: JSON's `true` and `false`, numbers, or a text.
    case boolean, integer, float, text
    /// By a cast, which has an exact text for the type.
    case castToText
    /// As hexadecimal digits without the blanks that Athena's own text has.
    case hexadecimal
    /// Values of the type `json`, as their text.
    case jsonText
    /// Arrays, maps and rows.
    case nested
    /// A type that has only NULL.
    case null

    /// - Parameter type: as Athena names it, in lower case and without parameters.
    /// - Returns: nil for a type that is not known to have an exact text.
    init?(sourceType type: String) {
        switch type {
        case "boolean": self = .boolean
        case "tinyint", "smallint", "integer", "int", "bigint": self = .integer
        case "float", "real", "double": self = .float
        case "varchar", "string": self = .text
        case "char", "decimal", "date", "time", "time with time zone", "timestamp", "timestamp with time zone",
            "interval day to second", "interval year to month", "uuid", "ipaddress":
            self = .castToText
        case "varbinary", "binary": self = .hexadecimal
        case "json": self = .jsonText
        case "array", "map", "row", "struct": self = .nested
        case "unknown": self = .null
        default: return nil
        }
    }

    func expression(_ name: String) -> String {
        switch self {
        case .boolean, .integer, .float, .text: name
        case .castToText: "CAST(\(name) AS varchar)"
        case .hexadecimal: "to_hex(\(name))"
        case .jsonText: "json_format(\(name))"
        case .nested: "json_format(CAST(\(name) AS JSON))"
        case .null: "CAST(NULL AS varchar)"
        }
    }
}

extension Column {
    /// The column as its file has it: what is nested has become JSON.
    var withNestedJSON: Column {
        guard ColumnForm(sourceType: sourceType) == .nested else { return self }
        return Column(name: name, sourceType: sourceType, type: .json)
    }
}
