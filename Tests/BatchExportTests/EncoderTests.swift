import BatchExport
import Testing

private func encode(_ row: [String?], _ types: [LoadType], as format: FileFormat) throws -> String {
    var output: [UInt8] = []
    try format.encoder(for: columns(types)).encode(row: 0, of: block([row]), into: &output)
    return String(decoding: output, as: UTF8.self)
}

private func csv(_ values: String?...) throws -> String {
    try encode(values, values.map { _ in .string }, as: .csv)
}

@Suite struct `CSV rows` {
    @Test func `NULL is nothing and the empty string is quoted`() throws {
        #expect(try csv(nil, "", nil) == ",\"\",\n")
    }

    @Test func `values are quoted only when they must be`() throws {
        #expect(try csv("a", " b ", "=1+1", "\\N", "NULL", "a\\") == "a, b ,=1+1,\\N,NULL,a\\\n")
        #expect(try csv("a,b", "say \"hi\"", "\\.") == "\"a,b\",\"say \"\"hi\"\"\",\"\\.\"\n")
        #expect(try csv("a\nb", "a\rb", "\"", "x") == "\"a\nb\",\"a\rb\",\"\"\"\",x\n")
    }

    @Test func `a special byte is found at every place of a long value`() throws {
        for length in 1..<40 {
            for place in 0..<length {
                var value = Array(repeating: Character("x"), count: length)
                value[place] = ","
                #expect(try csv(String(value), "y") == "\"\(String(value))\",y\n")
            }
        }
    }

    @Test func `a NULL alone in its row is refused`() {
        #expect { try csv(nil) } throws: { "\($0)".contains("--format ndjson") }
    }

    @Test func `column names are quoted like values`() {
        let encoder = FileFormat.csv.encoder(for: [
            Column(name: "a,b", sourceType: "varchar", type: .string),
            Column(name: "c", sourceType: "varchar", type: .string),
        ])
        #expect(String(decoding: encoder.fileHeader, as: UTF8.self) == "\"a,b\",c\n")
    }
}

@Suite struct `NDJSON rows` {
    @Test func `NULL and the empty string differ`() throws {
        #expect(try encode([nil, ""], [.string, .string], as: .ndjson) == "{\"c0\":null,\"c1\":\"\"}\n")
    }

    @Test func `only what JSON demands is escaped`() throws {
        let text = try encode(["q\" b\\ \n\r\t\u{8}\u{c}\u{1}\u{7f}é\u{2028}😀/"], [.string], as: .ndjson)
        #expect(text == "{\"c0\":\"q\\\" b\\\\ \\n\\r\\t\\b\\f\\u0001\u{7f}é\u{2028}😀/\"}\n")
    }

    @Test(arguments: [
        (LoadType.long, "-9223372036854775808", "-9223372036854775808"),
        (.long, "9223372036854775807", "9223372036854775807"),
        (.int, "007", "\"007\""), (.boolean, "true", "true"), (.boolean, "TRUE", "\"TRUE\""),
        (.double, "1.0E10", "1.0E10"), (.double, "-0.0", "-0.0"), (.double, "NaN", "\"NaN\""),
        (.double, "-Infinity", "\"-Infinity\""), (.float, "9.999999999999999E22", "9.999999999999999E22"),
        (.decimal, "12345678901234567890123456789012345678", "\"12345678901234567890123456789012345678\""),
        (.json, " {\"a\" : 1} ", "{\"a\":1}"), (.json, "{oops", "\"{oops\""), (.binary, "00 ff", "\"00 ff\""),
        (.naiveDate, "2020-01-31", "\"2020-01-31\""), (.json, "\"\\u0000\"", "\"\\\"\\\\u0000\\\"\""),
    ])
    func `types are written as loaders take them`(_ type: LoadType, _ text: String, _ json: String) throws {
        #expect(try encode([text], [type], as: .ndjson) == "{\"c0\":\(json)}\n")
    }
}
