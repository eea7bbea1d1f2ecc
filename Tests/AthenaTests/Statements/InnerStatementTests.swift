import Testing

@testable import Athena

@Suite struct `A statement in the parentheses of another one` {
    @Test(
        arguments: [
            ("SELECT 1", "SELECT 1"), ("SELECT 1;", "SELECT 1"), (" ; ;\nSELECT 1 ;; \n", "SELECT 1"),
            ("SELECT 1 ; -- done", "SELECT 1"), ("SELECT 1 -- no end\n;", "SELECT 1 -- no end"),
            ("/* a */ SELECT 1 /* b */", "/* a */ SELECT 1 /* b */"), ("-- a\nSELECT 1", "-- a\nSELECT 1"),
            ("-- a\n;SELECT 1", "SELECT 1"), ("SELECT ';' ;", "SELECT ';'"), ("SELECT 'it''s';", "SELECT 'it''s'"),
            ("SELECT \"a;b\" FROM t", "SELECT \"a;b\" FROM t"), ("SELECT 1 -- ; DROP", "SELECT 1 -- ; DROP"),
            ("SELECT 1 /* ; */", "SELECT 1 /* ; */"), ("SELECT ')' FROM t", "SELECT ')' FROM t"),
            ("(SELECT 1) UNION (SELECT 2);", "(SELECT 1) UNION (SELECT 2)"), ("values (1)", "values (1)"),
            ("TABLE t", "TABLE t"), ("WITH a AS (SELECT 1) SELECT * FROM a", "WITH a AS (SELECT 1) SELECT * FROM a"),
            ("SELECT 1 -- a\r;", "SELECT 1 -- a"), ("SELECT ? FROM t WHERE u > {cursor}", nil),
        ] as [(String, String?)])
    func `an inner statement loses the semicolons around it and what follows them`(
        _ statement: String, _ inner: String?
    ) throws {
        #expect(try InnerStatement(statement).text == inner ?? statement)
    }

    @Test(
        arguments: [
            ("", .empty), (" ;; -- a\n", .empty), ("/* SELECT 1 */", .empty), ("SELECT 'a", .unclosed("a quotation")),
            ("SELECT 'it''s", .unclosed("a quotation")), ("SELECT \"a", .unclosed("a quotation")),
            ("SELECT `a", .unclosed("a quotation")), ("SELECT 1; SELECT '", .severalStatements),
            ("SELECT 1 /* a", .unclosed("a comment")), ("SELECT 1 /*/", .unclosed("a comment")),
            ("SELECT 1; SELECT 2", .severalStatements), ("SELECT 1; DROP TABLE t;", .severalStatements),
            ("SELECT 1 -- a\r; DROP TABLE t", .severalStatements), ("SELECT 1; ?", .severalStatements),
            ("SELECT 1)", .unbalancedParentheses), ("(SELECT 1", .unbalancedParentheses),
            ("SELECT 1) FROM (SELECT 2", .unbalancedParentheses), ("SHOW TABLES", .notAQuery(verb: "SHOW")),
            ("describe t", .notAQuery(verb: "DESCRIBE")), ("EXPLAIN SELECT 1", .notAQuery(verb: "EXPLAIN")),
            ("EXECUTE q", .notAQuery(verb: "EXECUTE")), ("'a'", .notAQuery(verb: nil)),
            ("USING EXTERNAL FUNCTION f(x int) RETURNS int LAMBDA 'l' SELECT f(1)", .notAQuery(verb: "USING")),
            ("UNLOAD (SELECT 1) TO 's3://b/p/' WITH (format = 'JSON')", .notAQuery(verb: "UNLOAD")),
            ("EXPLAIN ANALYZE SELECT 1", .notAQuery(verb: "EXPLAIN ANALYZE SELECT")),
        ] as [(String, StatementFault)])
    func `a statement that cannot stand in parentheses is refused with the reason`(
        _ statement: String, _ fault: StatementFault
    ) {
        #expect(throws: fault) { try InnerStatement(statement) }
        #expect(!fault.description.isEmpty)
    }

    @Test(
        arguments: [
            ("SELECT * FROM t ORDER BY a", true), ("SELECT * FROM t order /* x */ by a LIMIT 5", true),
            ("SELECT row_number() OVER (ORDER BY a) FROM t", false), ("SELECT \"order\" FROM t", false),
            ("SELECT * FROM (SELECT * FROM t ORDER BY a)", false), ("SELECT 'ORDER BY'", false),
        ])
    func `an inner statement says whether it sorts its rows`(_ statement: String, _ isSorted: Bool) throws {
        #expect(try InnerStatement(statement).isSorted == isSorted)
    }
}
