import BatchExport
import Testing

@testable import Athena

@Suite struct `The SELECT around a query` {
    private static let types: [(type: String, expression: String)] = [
        ("boolean", "\"c0000\""), ("tinyint", "\"c0000\""), ("smallint", "\"c0000\""), ("integer", "\"c0000\""),
        ("bigint", "\"c0000\""), ("float", "\"c0000\""), ("real", "\"c0000\""), ("double", "\"c0000\""),
        ("varchar", "\"c0000\""), ("char", "CAST(\"c0000\" AS varchar)"), ("decimal", "CAST(\"c0000\" AS varchar)"),
        ("date", "CAST(\"c0000\" AS varchar)"), ("time", "CAST(\"c0000\" AS varchar)"),
        ("timestamp", "CAST(\"c0000\" AS varchar)"), ("timestamp with time zone", "CAST(\"c0000\" AS varchar)"),
        ("time with time zone", "CAST(\"c0000\" AS varchar)"),
        ("interval day to second", "CAST(\"c0000\" AS varchar)"),
        ("interval year to month", "CAST(\"c0000\" AS varchar)"), ("uuid", "CAST(\"c0000\" AS varchar)"),
        ("ipaddress", "CAST(\"c0000\" AS varchar)"), ("varbinary", "to_hex(\"c0000\")"),
        ("json", "json_format(\"c0000\")"), ("array", "json_format(CAST(\"c0000\" AS JSON))"),
        ("map", "json_format(CAST(\"c0000\" AS JSON))"), ("row", "json_format(CAST(\"c0000\" AS JSON))"),
        ("unknown", "CAST(NULL AS varchar)"),
    ]

    @Test(arguments: types.indices) func `the outer SELECT selects each type so that its text is exact`(_ index: Int)
        throws
    {
        let (type, expression) = Self.types[index]
        let form = try #require(ColumnForm(sourceType: type))
        let select = OuterSelect(around: try InnerStatement("SELECT 1"), forms: [form])
        #expect(select.text == "SELECT \(expression) AS \"c0000\" FROM (\nSELECT 1\n) AS t (\"c0000\")")
    }

    @Test(arguments: ["geometry", "hyperloglog", "qdigest(double)", "", "VARCHAR", "interval"])
    func `the outer SELECT does not guess a form for a type that is not known`(_ type: String) {
        #expect(ColumnForm(sourceType: type) == nil)
    }

    @Test func `the outer SELECT stands in an UNLOAD word for word`() throws {
        let statement = try InnerStatement("SELECT a, b FROM t -- end")
        let unload = UnloadStatement(of: statement, forms: [.integer, .nested], target: "s3://b/it's/")
        #expect(
            unload.text == """
                UNLOAD (
                /* athena-export unload v1 */
                SELECT "c0000" AS "c0000", json_format(CAST("c0001" AS JSON)) AS "c0001" FROM (
                SELECT a, b FROM t -- end
                ) AS t ("c0000", "c0001")
                ) TO 's3://b/it''s/' WITH (format = 'JSON', compression = 'GZIP')
                """)
        let parts = try #require(UnloadStatement.parts(of: unload.text))
        #expect(parts.statement == statement)
        #expect(parts.target == "s3://b/it's/")
    }

    /// To Swift, a quote with an accent on it is one character; to Athena, it ends the text.
    @Test(arguments: ["s3://b/it'\u{301}s/", "s3://b/'/", "s3://b/'\u{200d}''/", "s3://b/é日本/"])
    func `the place of an UNLOAD is quoted by bytes and read back`(_ target: String) throws {
        let text = UnloadStatement(of: try InnerStatement("SELECT 1"), forms: [.text], target: target).text
        let quotes = text.utf8.count { $0 == UInt8(ascii: "'") }
        #expect(quotes == 2 + 2 * target.utf8.count { $0 == UInt8(ascii: "'") } + 4)
        #expect(UnloadStatement.parts(of: text)?.target == target)
    }

    @Test(arguments: [
        "SELECT 1", "SELECT * FROM (\nSELECT 1\n) AS t (\"c0000\")", "VALUES ') TO ''s3://x/'", "SELECT '\n) TO ''s3'",
        "WITH a AS (SELECT 1) SELECT * FROM a ORDER BY 1", "SELECT \" FROM (\n\"",
    ])
    func `the outer SELECT gives the query back whatever the query looks like`(_ query: String) throws {
        let statement = try InnerStatement(query)
        let forms: [ColumnForm] = [.text, .hexadecimal, .null]
        #expect(OuterSelect.innerStatement(of: OuterSelect(around: statement, forms: forms).text) == statement)
        let parts = UnloadStatement.parts(of: UnloadStatement(of: statement, forms: forms, target: "s3://b/p/").text)
        #expect(parts?.statement == statement && parts?.target == "s3://b/p/")
    }

    @Test(arguments: [
        "UNLOAD (SELECT 1 AS a) TO 's3://b/p/' WITH (format = 'JSON')", "SELECT 1", "",
        "UNLOAD (\n/* athena-export unload v1 */\nSELECT 1\n) TO 's3://b/p/' WITH (format = 'JSON')",
        "UNLOAD (\n/* athena-export unload v2 */\nSELECT \"c0000\" AS \"c0000\" FROM (\nSELECT 1\n) AS t (\"c0000\")\n) "
            + "TO 's3://b/p/' WITH (format = 'JSON', compression = 'GZIP')",
    ])
    func `the outer SELECT is not found in a statement of another form`(_ text: String) {
        #expect(UnloadStatement.parts(of: text) == nil)
        #expect(OuterSelect.innerStatement(of: text) == nil)
    }

    @Test func `the outer SELECT names columns by their numbers, however many there are`() {
        #expect(OuterSelect.name(ofColumn: 0) == "c0000")
        #expect(OuterSelect.name(ofColumn: 9999) == "c9999")
        #expect(OuterSelect.name(ofColumn: 12_345) == "c12345")
    }
}

@Suite struct `A query that is sent inside of another statement` {
    private func sent(_ types: [String]) throws -> SentQuery {
        let columns = types.enumerated().map { Column(name: "n\($0)", sourceType: $1, type: .string) }
        return try SentQuery(
            unloading: InnerStatement("SELECT 1"), columns: columns, parameters: ["1"],
            to: .first(below: "s3://b/p/", table: "t", runID: "2026-01-01T00:00:00Z äÖ/x", token: "0123456789"))
    }

    @Test func `a sent query has a target of its own for each start of each run`() throws {
        let first = try sent(["bigint"])
        #expect(first.unload?.target == "s3://b/p/t/2026-01-01T00-00-00Z------x/1-01234567/")
        let second = try #require(first.unloading(toTargetOf: "abcdefghij"))
        #expect(second.unload?.target == "s3://b/p/t/2026-01-01T00-00-00Z------x/2-abcdefgh/")
        #expect(second.unload?.start == 2)
        #expect(second.statement == first.statement.replacing("1-01234567", with: "2-abcdefgh"))
    }

    @Test func `a sent query names the column of a type that has no exact text`() {
        #expect(throws: UnloadError.unsupportedColumn(name: "n1", type: "geometry")) {
            try sent(["bigint", "geometry"])
        }
    }

    @Test func `a sent query has JSON in the place of what is nested, and nothing else`() throws {
        let columns = try sent(["array", "map", "row", "json", "varchar"]).exportedColumns
        #expect(columns.map(\.type) == [.json, .json, .json, .string, .string])
        #expect(columns.map(\.sourceType) == ["array", "map", "row", "json", "varchar"])
    }
}
