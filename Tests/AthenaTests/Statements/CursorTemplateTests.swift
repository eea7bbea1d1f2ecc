import BatchExport
import Testing

@testable import Athena

@Suite struct `The cursor's placeholder` {
    private static let cursor = CursorValue(.timestamp, "2026-01-31 01:02:03.000")!
    private static let literal = "TIMESTAMP '2026-01-31 01:02:03.000'"

    private static let cases: [(text: String, given: [String], sent: String, parameters: [String])] = [
        ("SELECT 1 WHERE u > {cursor}", [], "SELECT 1 WHERE u > ?", [literal]),
        (
            "WHERE a = ? AND u > {cursor} AND b = ?", ["1", "'2'"], "WHERE a = ? AND u > ? AND b = ?",
            ["1", literal, "'2'"]
        ),
        ("u > {cursor} OR v > {cursor} OR a = ?", ["7"], "u > ? OR v > ? OR a = ?", [literal, literal, "7"]),
        ("a = '?' AND b = ? AND u > {cursor}", ["1"], "a = '?' AND b = ? AND u > ?", ["1", literal]),
        ("a = 'it''s ?{cursor}' AND u > {cursor}", [], "a = 'it''s ?{cursor}' AND u > ?", [literal]),
        (
            "\"a\"\"?{cursor}\" = `?{cursor}` AND u > {cursor}", [], "\"a\"\"?{cursor}\" = `?{cursor}` AND u > ?",
            [literal]
        ),
        ("-- ?{cursor} it's\nu > {cursor}", [], "-- ?{cursor} it's\nu > ?", [literal]),
        ("/* ?{cursor} ' \n*/u > {cursor}/* ", [], "/* ?{cursor} ' \n*/u > ?/* ", [literal]),
        ("a - ? / ? > {cursor}", ["1", "2"], "a - ? / ? > ?", ["1", "2", literal]),
        ("'日本{cursor}' < '?é' AND ü > {cursor}", [], "'日本{cursor}' < '?é' AND ü > ?", [literal]),
    ]

    @Test(arguments: cases.indices) func `a placeholder outside of quotes and comments is a parameter`(
        _ index: Int
    ) {
        let (text, given, sent, parameters) = Self.cases[index]
        #expect(CursorTemplate(text).markCount == given.count)
        let query = AthenaQuery(statement: text, parameters: given).filled(with: Self.cursor)
        #expect(query.statement == sent)
        #expect(query.parameters == parameters)
    }

    @Test(arguments: [
        "'{cursor}'", "\"{cursor}\"", "`{cursor}`", "-- {cursor}", "/* {cursor}", "'{cursor}", "{ cursor }", "{CURSOR}",
        "{cursor", "", "''{cursor",
    ])
    func `a placeholder that is quoted, commented or written otherwise is none`(_ text: String) {
        let template = CursorTemplate(text)
        #expect(!template.hasPlaceholder && template.statement == text)
    }

    @Test(arguments: [
        ("EXECUTE q USING 1", true), (" \n-- a\n/* b */execute q", true), ("PREPARE q FROM SELECT ?", true),
        ("SELECT '?'", false), ("-- EXECUTE\nSELECT 1", false), ("", false), ("EXEC", false),
    ])
    func `a placeholder may be of another statement where one is prepared or executed`(
        _ text: String, _ isOfPrepared: Bool
    ) {
        #expect(CursorTemplate(text).isOfPreparedStatement == isOfPrepared)
    }

    @Test func `a placeholder is left alone by a run without a cursor`() {
        let query = AthenaQuery(statement: "SELECT '{cursor}', ?", parameters: ["1"])
        #expect(query.filled(with: nil) == query)
    }
}

@Suite struct `A cursor's value` {
    @Test(
        arguments: [
            (.integer, "-5", "-5"), (.decimal, "12345678901234567890", "DECIMAL '12345678901234567890'"),
            (.date, "2026-01-31", "DATE '2026-01-31'"),
            (.timestamp, "2026-01-31 01:02:03.456", "TIMESTAMP '2026-01-31 01:02:03.456'"),
            (.zonedTimestamp, "2026-01-31 01:02:03 UTC", "TIMESTAMP '2026-01-31 01:02:03 UTC'"),
            (.text, "it's ''\n\\ é", "'it''s ''''\n\\ é'"), (.text, "", "''"),
            (.text, "x' OR '1'='1", "'x'' OR ''1''=''1'"),
            (.text, "'\u{301} OR 1=1", "'''\u{301} OR 1=1'"), (.text, "\r\n'\u{200d}", "'\r\n''\u{200d}'"),
        ] as [(CursorValue.Kind, String, String)])
    func `a cursor's value is sent as a literal of its type, which reads back`(
        _ kind: CursorValue.Kind, _ text: String, _ literal: String
    ) throws {
        let value = try #require(CursorValue(kind, text))
        #expect(value.sqlLiteral == literal)
        #expect(CursorValue(given: literal) == value)
    }

    @Test(
        arguments: [
            ("0", .integer, "0"), ("-12", .integer, "-12"), ("1.50", .decimal, "1.50"),
            ("2026-01-31", .date, "2026-01-31"),
            ("2026-01-31 01:02:03", .timestamp, "2026-01-31 01:02:03"),
            ("2026-01-31T01:02:03.5", .timestamp, "2026-01-31 01:02:03.5"),
            ("2026-01-31T02:03:04Z", .timestamp, "2026-01-31 02:03:04"),
            ("2026-01-31T02:03:04.123456789Z", .timestamp, "2026-01-31 02:03:04.123456789"),
            ("2026-01-31T02:03:04,5Z", .timestamp, "2026-01-31 02:03:04.5"),
            ("2026-03-01T00:30:00+01:00", .timestamp, "2026-02-28 23:30:00"),
            ("2024-02-29T23:59:59.9-0030", .timestamp, "2024-03-01 00:29:59.9"),
            ("2026-01-31 02:03:04+00", .timestamp, "2026-01-31 02:03:04"),
            ("2026-01-31t02:03:04z", .timestamp, "2026-01-31 02:03:04"),
            ("2026-01-31T02:03", .timestamp, "2026-01-31 02:03:00"),
            ("2026-01-31T02:03Z", .timestamp, "2026-01-31 02:03:00"),
            ("'2026-01-31T02:03:04Z'", .text, "2026-01-31T02:03:04Z"),
            ("2026-01-31T02:03:04Zulu", .text, "2026-01-31T02:03:04Zulu"),
            ("20260131T020304Z", .text, "20260131T020304Z"),
            ("2026-01-31T01:02:03 UTC", .zonedTimestamp, "2026-01-31 01:02:03 UTC"), ("abc", .text, "abc"),
            ("'2026-01-31'", .text, "2026-01-31"), ("'5'", .text, "5"),
            (
                "timestamp '2026-01-31 01:02:03'", .timestamp,
                "2026-01-31 01:02:03"
            ), ("it's", .text, "it's"),
        ] as [(String, CursorValue.Kind, String)])
    func `a cursor's value from the command line has the type that it looks like`(
        _ typed: String, _ kind: CursorValue.Kind, _ text: String
    ) {
        #expect(CursorValue(given: typed) == CursorValue(kind, text))
        #expect(CursorValue(given: typed) != nil)
    }

    @Test(arguments: [
        "'", "'a", "'a'b'", "DATE 'x'", "DATE '2026-01-31' OR 1=1", "TIMESTAMP '2026-01-31", "DECIMAL '1e3'",
        "DATE '2026-01-31 01:02:03'", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00+01:00", "2026-01-31T25:00:00Z",
        "2026-01-31T00:00:00+99:00", String(repeating: "x", count: 501),
    ])
    func `a cursor's value that begins as a literal and is none, or is too long, is refused`(_ typed: String) {
        #expect(CursorValue(given: typed) == nil)
    }

    @Test func `a cursor's value is always within one execution parameter`() {
        let quotes = CursorValue(.text, String(repeating: "'", count: CursorValue.maximumTextBytes))
        #expect((quotes?.sqlLiteral.utf8.count ?? .max) <= 1024)
    }
}
