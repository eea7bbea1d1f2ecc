import BatchExport
import JSON

@testable import Athena

extension FuzzTarget {
    /// The page parser against the strict parser: input that either accepts has the same meaning in both. Members that
    /// the page parser does not read are removed first: it only promises that their numbers and words are JSON's.
    static let resultsPage = FuzzTarget("results-page") { input in
        let whole = (try? JSONValue(parsing: input)).flatMap { try? ReferencePage($0, maximumCells: input.count) }
        let page: ResultsAnswer
        do {
            page = try ResultsAnswer(parsing: input)
        } catch {
            let isStricter = "\(error)".contains("a member's name has escapes in it")
            return try promise(whole == nil || isStricter, "a page that the strict parser can read is read: \(error)")
        }
        var earlyToken: String?
        _ = LeadingNextToken.look(in: input.span) { earlyToken = $0 }
        try promise(earlyToken == nil || earlyToken == page.nextToken, "the token that is seen early is the page's")
        try promise(page.rows.cells.count <= input.count, "memory grows with the text")
        for cell in page.rows.cells where !cell.isNull {
            try promise(cell.range.upperBound <= page.rows.bytes.count, "a cell lies in the buffer")
            try promise(
                cell.traits.contains(.loneSurrogate)
                    || String(validating: page.rows.bytes[cell.range], as: UTF8.self) != nil,
                "a cell is UTF-8 or marked")
        }
        let found = ReferencePage(page)
        if let whole { return try promise(found == whole, "both parsers read the same: \(found), \(whole)") }
        // The strict parser refuses lone surrogates; the service sends none.
        if page.rows.cells.contains(where: { $0.traits.contains(.loneSurrogate) }) { return }
        let read = try UnreadMembers.leftOut(of: input, areRowsRead: !page.columns.isEmpty)
        let strict: ReferencePage
        do {
            strict = try ReferencePage(try JSONValue(parsing: read), maximumCells: input.count)
        } catch JSONError.syntax(_, let reason) {
            throw BrokenPromise(description: "what is read of a page is JSON, but: \(reason)")
        }
        try promise(found == strict, "both parsers read the same of it: \(found), \(strict)")
    }
}

/// A page as the strict parser reads it, written as simply as possible.
private struct ReferencePage: Equatable {
    var columns: [ColumnInfo] = []
    var rows: [[[UInt8]?]] = []
    var nextToken: [UInt8]?

    init(_ page: ResultsAnswer) {
        columns = page.columns
        rows = (0..<page.rows.rowCount).map { row in
            page.rows.cellIndices(ofRow: row).map { index in
                let cell = page.rows.cells[index]
                return cell.isNull ? nil : Array(page.rows.bytes[cell.range])
            }
        }
        nextToken = page.nextToken.map { Array($0.utf8) }
    }

    init(_ value: JSONValue, maximumCells: Int) throws {
        let root = JSONField(value)
        nextToken = try root.optionalMember("NextToken").map { Array(try $0.string().utf8) }
        guard let result = try root.optionalMember("ResultSet") else { return }
        if let metadata = try result.optionalMember("ResultSetMetadata") {
            let text = metadata.value.serialized(pretty: false)
            columns = try ColumnInfo.list(in: text.span, range: 0..<text.count)
        }
        for row in try result.optionalMember("Rows")?.elements() ?? [] {
            var cells: [[UInt8]?] = []
            for datum in try row.optionalMember("Data")?.elements() ?? [] { cells.append(try Self.cell(datum)) }
            guard cells.count <= columns.count else { throw row.mismatch("as many values as columns") }
            guard (rows.count + 1) * columns.count <= maximumCells else { throw row.mismatch("a value a column") }
            rows.append(cells + Array(repeating: nil, count: columns.count - cells.count))
        }
        if columns.isEmpty { rows = [] }
    }

    private static func cell(_ datum: JSONField) throws -> [UInt8]? {
        let values = try ["VarCharValue", "BigIntValue", "DoubleValue", "BooleanValue"]
            .compactMap { try datum.optionalMember($0)?.value }
        guard values.count <= 1 else { throw datum.mismatch("one value") }
        switch values.first {
        case nil: return nil
        case .string(let text): return Array(text.utf8)
        case .number(let digits): return Array(digits.utf8)
        case .bool(let flag): return Array("\(flag)".utf8)
        case .null, .array, .object: throw datum.mismatch("a text, number or boolean")
        }
    }
}
