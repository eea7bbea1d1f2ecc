import BatchExport

/// An UNLOAD that writes the rows of a query as gzipped lines of JSON.
struct UnloadStatement: Sendable, Equatable {
    let text: String

    /// The first line in the parentheses. It tells an UNLOAD of this program, whose objects can be read, from any other.
    static let marker = "/* athena-export unload v1 */"

    /// - Parameters:
    ///   - forms: of the query's columns, in order.
    ///   - target: `s3://bucket/prefix/`, where nothing may lie yet.
    init(of statement: InnerStatement, forms: [ColumnForm], target: String) {
        let select = OuterSelect(around: statement, forms: forms)
        text = """
            UNLOAD (
            \(Self.marker)
            \(select.text)
            ) TO \(SQLQuotation.text(of: target)) WITH (format = 'JSON', compression = 'GZIP')
            """
    }

    /// Finds query and target in a text that this type has made.
    ///
    /// - Returns: nil for a text of another form. A text that only looks like it gives another text when it is made again
    ///   from its columns.
    static func parts(of text: String) -> (statement: InnerStatement, target: String)? {
        let beginning = "UNLOAD (\n\(marker)\n"
        guard text.hasPrefix(beginning), let to = text.ranges(of: "\n) TO ").last,
            let end = text[to.upperBound...].firstRange(of: " WITH (format"),
            let target = SQLQuotation.content(of: text[to.upperBound..<end.lowerBound]),
            let statement = OuterSelect.innerStatement(
                of: String(text[..<to.lowerBound].dropFirst(beginning.count)))
        else { return nil }
        return (statement, target)
    }
}
