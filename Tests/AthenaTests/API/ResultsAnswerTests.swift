@testable import Athena
import BatchExport
import JSON
import Testing

private func parse(_ text: String) throws -> ResultsAnswer { try ResultsAnswer(parsing: Array(text.utf8)) }

private func rows(_ page: ResultsAnswer) -> [[String?]] { texts(page.rows) }

private func texts(_ block: RowBlock) -> [[String?]] {
    (0..<block.rowCount).map { row in
        block.cellIndices(ofRow: row).map { index in
            let cell = block.cells[index]
            return cell.isNull ? nil : String(decoding: block.bytes[cell.range], as: UTF8.self)
        }
    }
}

private let metadata =
    #""ResultSetMetadata":{"ColumnInfo":[{"Name":"a","Type":"varchar"},{"Name":"b","Type":"Decimal","Precision":38,"Scale":10}]}"#

private func page(_ rows: String, next: String = "") -> String {
    #"{\#(next)"ResultSet":{\#(metadata),"Rows":[\#(rows)]}}"#
}

@Suite struct `Reading a page of results` {
    @Test func `NULL, empty and escaped texts come out as they are`() throws {
        let page = try parse(
            page(
                #"{"Data":[{"VarCharValue":"x"},{}]},{"Data":[{"VarCharValue":""},{"VarCharValue":"q\"\\\n\u00e9😀é"}]}"#
            ))
        #expect(rows(page) == [["x", nil], ["", "q\"\\\né😀é"]])
        #expect(page.columns.map(\.column.typeDescription) == ["varchar", "decimal(38,10)"])
        #expect(page.nextToken == nil)
        #expect(!page.rows.hasUnloadableCells)
    }

    @Test func `members come in any order and unknown ones are skipped`() throws {
        let data = #"{"x":[{}],"Data":[{"y":{"z":"}"},"VarCharValue":"1"},{"VarCharValue":null}],"w":"]"}"#
        let text =
            #" { "UpdateCount" : 0 , "ResultSet" : { "ResultRows" : [{"Data":["1",null]}], "Rows" : [ \#(data) ] , \#(metadata) , "ColumnInfos":[] } , "More":{"a":[1,"]"]}, "NextToken" : "t\u0041" } "#
        let page = try parse(text)
        #expect(rows(page) == [["1", nil]])
        #expect(page.nextToken == "tA")
    }

    @Test func `the four members of a Datum give their own text`() throws {
        let page = try parse(
            page(
                #"{"Data":[{"BigIntValue":-9223372036854775808},{"DoubleValue":1.50E-7}]},{"Data":[{"BooleanValue":true},{"VarCharValue":"x"}]}"#
            ))
        #expect(rows(page) == [["-9223372036854775808", "1.50E-7"], ["true", "x"]])
    }

    @Test func `a short row is filled with NULL and a long one is an error`() throws {
        #expect(
            try rows(parse(page(#"{"Data":[{"VarCharValue":"x"}]},{"Data":[]},{}"#))) == [
                ["x", nil], [nil, nil], [nil, nil],
            ])
        #expect { try parse(page(#"{"Data":[{},{},{}]}"#)) } throws: {
            "\($0)".contains("a row has 3 values, but there are 2 columns")
        }
    }

    @Test func `a page of any number of rows is read whole`() throws {
        for count in [0, 1, 1001, 1002, 5000] {
            let text = (0..<count).map { #"{"Data":[{"VarCharValue":"\#($0)"},{}]}"# }.joined(separator: ",")
            #expect(try rows(parse(page(text))) == (0..<count).map { ["\($0)", nil] })
        }
    }

    @Test func `values that can stand bare in CSV are marked, and no others`() throws {
        let values = [
            "x", "", "a, b", #"a\"b"#, #"a\\b"#, #"a\nb"#, "a longer text, with a comma", "longer than sixteen",
        ]
        for value in values {
            let page = try parse(page(#"{"Data":[{"VarCharValue":"\#(value)"},{"BigIntValue":1}]}"#))
            let isPlain = !value.isEmpty && !value.contains { ",\\".contains($0) }
            #expect(page.rows.cells[0].traits.contains(.plainCSV) == isPlain, "\(value)")
            #expect(page.rows.cells[1].traits.contains(.plainCSV))
        }
    }

    @Test func `columns are those of the page itself, whatever the one before had`() throws {
        let known = KnownColumns()
        let text = page(#"{"Data":[{"VarCharValue":"x"},{}]}"#)
        let other = text.replacing("varchar", with: "bigint")
        #expect(text != other)
        for text in [text, text, other, text, other, other] {
            let page = try ResultsAnswer(parsing: Array(text.utf8), knownColumns: known)
            #expect(try page.columns == parse(text).columns)
        }
    }

    @Test func `what a loader cannot take is marked`() throws {
        let page = try parse(page(#"{"Data":[{"VarCharValue":"a\u0000"},{"VarCharValue":"\ud800"}]}"#))
        #expect(page.rows.hasUnloadableCells)
        #expect(page.rows.cells[0].traits == .nul)
        #expect(page.rows.cells[1].traits == .loneSurrogate)
    }

    @Test func `a value of a megabyte passes whole`() throws {
        let value = String(repeating: "é\\\"", count: 1 << 18)
        let json = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        #expect(try rows(parse(page(#"{"Data":[{"VarCharValue":"\#(json)"},{}]}"#))) == [[value, nil]])
    }

    @Test func `every truncation is an error, none is a shorter result`() {
        let text = Array(
            page(#"{"Data":[{"VarCharValue":"x\n"},{}]},{"Data":[{"BigIntValue":1},{}]}"#, next: #""NextToken":"t","#)
                .utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try ResultsAnswer(parsing: Array(text[..<count])) }
        }
    }

    @Test func `bytes that are not UTF-8 are an error with their place`() {
        var text = Array(page(#"{"Data":[{"VarCharValue":"abc#"},{}]}"#).utf8)
        let place = text.firstIndex(of: UInt8(ascii: "#"))!
        text[place] = 0xff
        #expect { try ResultsAnswer(parsing: text) } throws: {
            "\($0)".contains("byte \(place): the text is not valid UTF-8")
        }
    }

    @Test func `no byte flipped in a page makes it crash`() {
        let text = Array(page(#"{"Data":[{"VarCharValue":"x\u00e9é"},{}]},{"Data":[{"BigIntValue":1}]}"#).utf8)
        for index in text.indices {
            for byte in [0, 0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0xff] as [UInt8] {
                var changed = text
                changed[index] = byte
                _ = try? ResultsAnswer(parsing: changed)
            }
        }
    }

    @Test func `a member that is read and stands twice is an error`() {
        for text in [
            #"{"NextToken":"a","NextToken":"b"}"#, #"{"ResultSet":{"Rows":[]},"ResultSet":{}}"#,
            #"{"ResultSet":{\#(metadata),"Rows":[],"Rows":[]}}"#, #"{"ResultSet":{\#(metadata),\#(metadata)}}"#,
        ] {
            #expect { try parse(text) } throws: { "\($0)".contains("stands twice") }
        }
    }

    @Test func `a row's values that stand twice are an error`() {
        for row in [
            #"{"Data":[{}],"Data":[{}]}"#, #"{ "Data": [{}], "Data": [{}]}"#, #"{"Data":[{}],"Data":null}"#,
            #"{"Data":[{"VarCharValue":"a","VarCharValue":"b"}]}"#, #"{"Data":[{"BigIntValue":1,"VarCharValue":"b"}]}"#,
        ] {
            #expect { try parse(page(row)) } throws: { "\($0)".contains("twice") || "\($0)".contains("two values") }
        }
    }

    @Test func `a name that could be one that is read, spelt with escapes, is an error`() {
        for text in [
            #"{"Next\u0054oken":"a"}"#, #"{"ResultSet":{"Ro\u0077s":[]}}"#, page(#"{"D\u0061ta":[{}]}"#),
            page(#"{"Data":[{"V\u0061rCharValue":"x"}]}"#),
        ] {
            #expect { try parse(text) } throws: { "\($0)".contains("escapes") }
        }
    }

    @Test func `what only begins like null is an error`() {
        for text in [
            #"{"ResultSet":nullx}"#, #"{"ResultSet":{"Rows":null0}}"#, page(#"{"Data":nulls}"#),
            page(#"{"Data":[{"VarCharValue":nully}]}"#),
        ] {
            #expect(throws: JSONError.self) { try parse(text) }
        }
    }

    @Test func `columns without values cannot make a page take more memory than its text`() {
        let columns = Array(repeating: #"{"Name":"a","Type":"b"}"#, count: 10_000).joined(separator: ",")
        let rows = Array(repeating: "{}", count: 100_000).joined(separator: ",")
        #expect {
            try parse(#"{"ResultSet":{"ResultSetMetadata":{"ColumnInfo":[\#(columns)]},"Rows":[\#(rows)]}}"#)
        } throws: { "\($0)".contains("most of the values are missing") }
    }

    @Test func `rows without columns are an error, an empty answer is an empty page`() throws {
        #expect(throws: JSONError.self) { try parse(#"{"ResultSet":{"Rows":[{"Data":[{}]}]}}"#) }
        #expect(try parse(#"{"ResultSet":{"Rows":[],"ResultSetMetadata":{"ColumnInfo":[]}}}"#).rows.rowCount == 0)
        #expect(try parse("{}").rows.rowCount == 0)
    }
}

@Suite struct `The header row` {
    private func removed(_ header: HeaderRule, _ data: String) throws -> [[String?]] {
        let page = try parse(page(data))
        return texts(try header.removed(from: page.rows, columns: page.columns))
    }

    private let names = #"{"Data":[{"VarCharValue":"a"},{"VarCharValue":"b"}]}"#
    private let values = #"{"Data":[{"VarCharValue":"1"},{"VarCharValue":"2"}]}"#

    @Test func `a SELECT loses its first row once, even if the first data row reads the same`() throws {
        let select = HeaderRule(statementType: "DML", substatementType: "SELECT")
        #expect(try removed(select, "\(names),\(names),\(values)") == [["a", "b"], ["1", "2"]])
        #expect(try removed(select, "") == [])
    }

    @Test func `a SELECT whose first row is not the names is an error`() {
        #expect(throws: ExportError.self) {
            try removed(HeaderRule(statementType: "DML", substatementType: nil), values)
        }
    }

    @Test func `SHOW keeps every row, even one that reads like the names`() throws {
        let show = HeaderRule(statementType: "UTILITY", substatementType: "SHOW_TABLES")
        #expect(try removed(show, "\(names),\(values)") == [["a", "b"], ["1", "2"]])
    }

    @Test func `where both were seen, the text decides`() throws {
        for header in [
            HeaderRule(statementType: "UTILITY", substatementType: "EXPLAIN"),
            HeaderRule(statementType: nil, substatementType: nil),
        ] {
            #expect(try removed(header, "\(names),\(values)") == [["1", "2"]])
            #expect(try removed(header, values) == [["1", "2"]])
        }
    }
}
