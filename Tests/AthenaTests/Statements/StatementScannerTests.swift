import Testing

@testable import Athena

@Suite struct `The scanner of statements` {
    @Test(arguments: [
        "SELECT 1", "select*from t", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES 1, 2", "values(1)", "TABLE t",
        "(SELECT 1) UNION (SELECT 2)", "(((select 1)))", "-- INSERT INTO t\nSELECT 1", "/* DROP */ SELECT 1",
        "  \t\r\n/* a */ ( /* b */ -- c\n WITH x AS (SELECT 1) SELECT * FROM x)", "SHOW TABLES", "SHOW CREATE TABLE t",
        "DESCRIBE t", "desc t", "EXPLAIN SELECT 1", "EXPLAIN (TYPE IO, FORMAT JSON) SELECT 1",
        "EXPLAIN INSERT INTO t SELECT 1", "EXPLAIN ANALYZE SELECT 1", "explain analyze verbose (select 1)",
        "EXPLAIN ANALYZE (FORMAT JSON) WITH x AS (SELECT 1) SELECT * FROM x", "EXECUTE q USING 1", "execute q",
        "EXECUTE IMMEDIATE 'SELECT 1 WHERE ''a'' = ?' USING 'a'",
        "USING EXTERNAL FUNCTION f(x VARCHAR) RETURNS VARCHAR LAMBDA 'l' SELECT f(x) FROM t", "SELECT 'INSERT'",
        ";SELECT 1", "SELECT 1;", "SELECT * FROM t WHERE u >= {cursor}",
    ])
    func `the scanner accepts a statement that reads rows`(_ statement: String) {
        let scanner = StatementScanner(statement)
        #expect(scanner.readsRows && !scanner.isEmpty)
    }

    @Test(
        arguments: [
            ("INSERT INTO t SELECT 1", "INSERT"), ("insert into t values (1)", "INSERT"),
            ("-- SELECT\nINSERT INTO t SELECT 1", "INSERT"), ("/* SELECT */DELETE FROM t", "DELETE"),
            ("CREATE TABLE t AS SELECT 1", "CREATE"), ("CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE"),
            ("UNLOAD (SELECT 1) TO 's3://b/p/' WITH (format = 'JSON')", "UNLOAD"), ("UPDATE t SET a = 1", "UPDATE"),
            ("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "MERGE"), ("DROP TABLE t", "DROP"),
            ("ALTER TABLE t ADD COLUMNS (a int)", "ALTER"), ("MSCK REPAIR TABLE t", "MSCK"), ("VACUUM t", "VACUUM"),
            ("OPTIMIZE t REWRITE DATA USING BIN_PACK", "OPTIMIZE"), ("GRANT SELECT ON t TO u", "GRANT"),
            ("REVOKE SELECT ON t FROM u", "REVOKE"), ("PREPARE q FROM SELECT 1", "PREPARE"),
            ("DEALLOCATE PREPARE q", "DEALLOCATE"),
            ("TRUNCATE TABLE t", "TRUNCATE"), ("CALL p()", "CALL"), ("ANALYZE t", "ANALYZE"), ("USE d", "USE"),
            ("SELCT 1", "SELCT"), ("SELECTS 1", "SELECTS"),
            ("EXPLAIN ANALYZE INSERT INTO t SELECT 1", "EXPLAIN ANALYZE INSERT"),
            ("EXPLAIN ANALYZE /* a */ VERBOSE DELETE FROM t", "EXPLAIN ANALYZE DELETE"),
            ("EXPLAIN ANALYZE (FORMAT JSON) INSERT INTO t SELECT 1", "EXPLAIN ANALYZE INSERT"),
            ("EXPLAIN ANALYZE", "EXPLAIN ANALYZE"),
            ("EXECUTE IMMEDIATE 'INSERT INTO t SELECT 1'", "EXECUTE IMMEDIATE INSERT"),
            ("execute /* a */ immediate '/* b */ drop table t'", "EXECUTE IMMEDIATE DROP"),
            ("EXECUTE IMMEDIATE ''", "EXECUTE IMMEDIATE"), ("'SELECT' INSERT", nil), ("\"SELECT\" 1", nil),
            ("/SELECT", nil),
            ("{cursor}", nil), ("()", nil), ("\u{a0}SELECT 1", nil),
        ] as [(String, String?)])
    func `the scanner refuses any other statement, and names its first word`(_ statement: String, _ verb: String?) {
        let scanner = StatementScanner(statement)
        #expect(!scanner.readsRows && !scanner.isEmpty)
        #expect(scanner.verb == verb)
    }

    @Test(arguments: ["", " \n\t", ";", "-- SELECT 1", "/* SELECT 1", "/* a */ -- b\n;"])
    func `the scanner finds a statement without a word empty`(_ statement: String) {
        let scanner = StatementScanner(statement)
        #expect(scanner.isEmpty && !scanner.readsRows && scanner.verb == nil)
    }
}
