import AWS
import BatchExport
import JSON
import Testing

@testable import Athena

extension JSONLinesReader {
    /// The rows of lines that one block takes.
    fileprivate func rows(in bytes: [UInt8]) throws -> RowBlock {
        var (bytes, offset) = (bytes, 0)
        return try rows(in: &bytes, at: &offset)
    }
}

@Suite struct `The reader of unloaded lines` {
    private static let reader = JSONLinesReader(
        forms: [.boolean, .integer, .float, .text, .castToText, .hexadecimal, .jsonText, .nested, .null])

    private static func texts(_ lines: String, _ reader: JSONLinesReader = reader) throws -> [[String?]] {
        let block = try reader.rows(in: Array(lines.utf8))
        return (0..<block.rowCount).map { row in
            block.cellIndices(ofRow: row).map { index in
                let cell = block.cells[index]
                return cell.isNull ? nil : String(decoding: block.bytes[cell.range], as: UTF8.self)
            }
        }
    }

    private static let whole =
        #"{"c0000":true,"c0001":-12,"c0002":1.0E10,"c0003":"a,\"b\"","c0004":"1.50","c0005":"00FF1A","#
        + #""c0006":"{\"a\": 1}","c0007":"[1,null]","c0008":null}"#
    private static let wholeTexts: [String?] = [
        "true", "-12", "1.0E10", "a,\"b\"", "1.50", "00 ff 1a", "{\"a\": 1}", "[1,null]", nil,
    ]

    @Test(arguments: [whole, whole + "\n", whole.replacing(":", with: " : ").replacing("\" : 1}", with: "\": 1}")])
    func `the reader gives the texts that Athena's CSV has`(_ line: String) throws {
        let line = line.replacing("{\\\"a\\\" :  1}", with: "{\\\"a\\\": 1}")
        #expect(try Self.texts(line) == [Self.wholeTexts])
        #expect(try Self.texts(line.hasSuffix("\n") ? line + line : line + "\n" + line).count == 2)
    }

    @Test(
        arguments: [
            (#""NaN""#, "NaN"), ("NaN", "NaN"), (#""Infinity""#, "Infinity"), ("Infinity", "Infinity"),
            (#""-Infinity""#, "-Infinity"), ("-Infinity", "-Infinity"), ("-0.0", "-0.0"), ("4.9E-324", "4.9E-324"),
            ("null", nil),
        ] as [(String, String?)])
    func `the reader takes both spellings of what is not a number`(_ value: String, _ text: String?) throws {
        #expect(try Self.texts("{\"c0000\":\(value)}", JSONLinesReader(forms: [.float])) == [[text]])
    }

    @Test(arguments: ["😀 é", #"\uD83D\uDE00 \u00e9"#, #"\ud83d\ude00 é"#])
    func `the reader takes characters as they are and as escapes`(_ value: String) throws {
        #expect(try Self.texts("{\"c0000\":\"\(value)\"}", JSONLinesReader(forms: [.text])) == [["😀 é"]])
    }

    @Test(
        arguments: [
            (#"{}"#, [nil, nil, nil]), (#"{"c0001":"b"}"#, [nil, "b", nil]), (#"{"c0002":"c"}"#, [nil, nil, "c"]),
            (#"{"c0000":"a"}"#, ["a", nil, nil]), (#"{"c0002":"c","c0000":"a"}"#, ["a", nil, "c"]),
            (#"{"c0001":"\u0062","c0000":"\u0061","c0002":"\u0063"}"#, ["a", "b", "c"]),
            (#"  { "c0000" : "a" , "c0001":null }  "#, ["a", nil, nil]), ("{}\r", [nil, nil, nil]),
        ] as [(String, [String?])])
    func `the reader takes a missing name for NULL, and names in any order`(_ line: String, _ row: [String?]) throws {
        let reader = JSONLinesReader(forms: [.text, .text, .text])
        #expect(try Self.texts("\(line)\n{\"c0000\":\"z\"}\n", reader) == [row, ["z", nil, nil]])
    }

    @Test func `the reader takes names of any order with bytes among their values`() throws {
        let reader = JSONLinesReader(forms: [.hexadecimal, .text])
        let lines = "{\"c0000\":\"0A\",\"c0001\":\"a\"}\n{\"c0001\":\"\\u0062\",\"c0000\":\"0b0C\"}\n{\"c0000\":\"\"}"
        #expect(try Self.texts(lines, reader) == [["0a", "a"], ["0b 0c", "b"], ["", nil]])
    }

    @Test(arguments: [
        "", "\n", "{\"c0000\":\"a\"}\n\n", "[]", "{", "{\"c0000\"", "{\"c0000\":", "{\"c0000\":\"a", "{\"c0000\":\"a\"",
        "{\"c0000\":\"a\",}", "{\"c0000\":\"a\"} x", "{\"c0000\":\"a\"}{\"c0000\":\"a\"}", "{\"c0000\":\"a\"},",
        "{\"c0000\":\"a\"\n}", "{\"c0001\":1}", "{\"c0000\":\"a\",\"c0000\":\"a\"}", "{\"C0000\":\"a\"}",
        "{\"c00000\":\"a\"}", "{\"c000\":\"a\"}", "{\"c\\u0030000\":\"a\"}", "{\"name\":\"a\"}", "{c0000:\"a\"}",
        "{\"c0000\" \"a\"}", "{\"c0000\":\"a\" \"c0001\":1}", "{\"c0000\":\"\\x\"}", "{\"c0000\":\"\\u12\"}",
        "{\"c0000\":\"a\tb\"}", "{\"c0000\":1}", "{\"c0000\":true}", "{\"c0000\":{}}", "{\"c0000\":[1]}",
        "{\"c0000\":nul}", "{\"c0000\":nulls}", "{\"c0000\":NaN}",
    ])
    func `the reader refuses a line that Athena does not write`(_ line: String) throws {
        let reader = JSONLinesReader(forms: [.text])
        if line.isEmpty {
            #expect(try Self.texts(line, reader).isEmpty)
        } else {
            #expect(throws: JSONLinesError.self) { try Self.texts(line, reader) }
        }
    }

    @Test(
        arguments: [
            (.boolean, ["1", "\"true\"", "True", "truex"]),
            (.integer, ["1.0", "1e3", "\"1\"", "01", "+1", "true", "-"]),
            (.float, ["\"1.0\"", "nan", "\"nan\"", "inf", "+1.0", "1.", "true", "\"\""]),
            (.text, ["1", "true"]), (.castToText, ["1.5"]), (.hexadecimal, ["\"0\"", "\"0g\"", "\"00 ff\"", "1"]),
            (.jsonText, ["{}"]), (.nested, ["[]"]), (.null, ["\"\"", "0"]),
        ] as [(ColumnForm, [String])])
    func `the reader refuses a value of another kind, and names its column`(_ form: ColumnForm, _ values: [String]) {
        let reader = JSONLinesReader(forms: [.text, form])
        for value in values {
            let line = "{\"c0000\":\"secret\",\"c0001\":\(value)}"
            #expect {
                try reader.rows(in: Array(line.utf8))
            } throws: {
                guard let error = $0 as? JSONLinesError else { return false }
                return error.column == 1 && error.offset >= 26 && !error.reason.contains("secret")
            }
        }
    }

    @Test func `the reader refuses bytes that are not UTF-8 at their place`() {
        var line = Array("{\"c0000\":\"ab\"}".utf8)
        line[11] = 0xff
        #expect(throws: JSONLinesError(offset: 11, column: 0, reason: "the text is not valid UTF-8")) {
            try JSONLinesReader(forms: [.text]).rows(in: line)
        }
    }

    @Test func `the reader notices what no loader takes`() throws {
        let reader = JSONLinesReader(forms: [.text])
        let block = try reader.rows(in: Array(#"{"c0000":"a\u0000"}"#.utf8))
        #expect(block.hasUnloadableCells && block.cells[0].traits.contains(.nul))
        let lone = try reader.rows(in: Array(#"{"c0000":"\ud83d"}"#.utf8))
        #expect(lone.hasUnloadableCells && lone.cells[0].traits.contains(.loneSurrogate))
        #expect(try !reader.rows(in: Array(#"{"c0000":"a"}"#.utf8)).hasUnloadableCells)
    }

    @Test func `a block has as many cells as its limit and a row at most, however short the lines are`() throws {
        let reader = JSONLinesReader(forms: Array(repeating: .text, count: 1000))
        var bytes = Array(String(repeating: "{\"c0000\":\"\\u0061\"}\n", count: 1000).utf8)
        let length = bytes.count
        var (offset, rows, blocks) = (0, 0, 0)
        while offset < length {
            let block = try reader.rows(in: &bytes, at: &offset)
            #expect(block.cells.count < 256 << 10 + 1000)
            let firsts = stride(from: 0, to: block.cells.count, by: 1000).map { block.bytes[block.cells[$0].range] }
            #expect(firsts.allSatisfy { $0.elementsEqual("a".utf8) })
            rows += block.rowCount
            blocks += 1
        }
        #expect(rows == 1000 && blocks == 4)
    }

    @Test func `the reader reads more columns than fit four digits`() throws {
        let reader = JSONLinesReader(forms: Array(repeating: .integer, count: 10_002))
        let line = "{" + (0..<10_002).map { "\"\(OuterSelect.name(ofColumn: $0))\":\($0)" }.joined(separator: ",") + "}"
        #expect(try Self.texts(line, reader) == [(0..<10_002).map { String($0) }])
    }
}

@Suite struct `The list of unloaded objects` {
    private static let target = "s3://bucket/p/"

    private static func keys(_ text: String) throws -> [String] {
        try UnloadManifest(text: Array(text.utf8), target: target).locations.map(\.key)
    }

    @Test(
        arguments: [
            ("", []), ("\n", []), ("s3://bucket/p/a", ["p/a"]), ("s3://bucket/p/b\ns3://bucket/p/a\n", ["p/a", "p/b"]),
            ("s3://bucket/p/b\r\ns3://bucket/p/a\r\n", ["p/a", "p/b"]),
            ("s3://bucket/p/é\ns3://bucket/p/z\ns3://bucket/p/Z\n", ["p/Z", "p/z", "p/é"]),
            ("s3://bucket/p/a.b\ns3://bucket/p/a/b\ns3://bucket/p/a-b\n", ["p/a-b", "p/a.b", "p/a/b"]),
        ])
    func `the list gives the objects by the bytes of their keys`(_ text: String, _ keys: [String]) throws {
        #expect(try Self.keys(text) == keys)
    }

    @Test(
        arguments: [
            ("s3://other/p/a", 1), ("s3://bucket/q/a", 1), ("s3://bucket/p/a\ns3://bucket/p", 2), ("/p/a", 1),
            ("s3://bucket/p/a\ns3://bucket/p/a", 2), ("s3://bucket/p/a\n\ns3://bucket/p/b", 2),
            ("https://bucket/p/a", 1), ("s3://bucket/p/a\tb", 1),
        ])
    func `the list is refused at the line that is wrong`(_ text: String, _ line: Int) {
        #expect {
            try Self.keys(text)
        } throws: {
            if case UnloadError.manifest(line, _) = $0 { true } else { false }
        }
    }

    @Test func `the list must be UTF-8`() {
        #expect(throws: UnloadError.self) { try UnloadManifest(text: [0xff], target: Self.target) }
    }
}
