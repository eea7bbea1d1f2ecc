@testable import BatchExport
import Testing

private func encode(_ row: [String?], _ types: [ColumnType], as format: FileFormat) throws -> String {
    var output = EncodedRows()
    try format.encoder(for: columns(types)).encode(block([row]), into: &output)
    return String(decoding: output.bytes, as: UTF8.self)
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

    @Test(arguments: [
        " ", "   ", "\t", " \t ", String(repeating: " ", count: 40), "\u{feff}", "\u{feff}id", "\u{feff} x",
    ])
    func `a value of blanks and a value that begins with U+FEFF are quoted`(_ value: String) throws {
        #expect(try csv(value, "x") == "\"\(value)\",x\n")
        #expect(try csv("x", value) == "x,\"\(value)\"\n")
        #expect(try csv(value) == "\"\(value)\"\n")
    }

    @Test(arguments: [
        " a", "a ", " \t.", "\u{a0}", "\u{3000}", "\u{1}", "\u{b}", "\u{fefe}x", "\u{ff21}", "a\u{feff}", "!", "~", "é",
        "\u{ef}", "😀",
    ])
    func `a value that only resembles blanks or U+FEFF stands bare`(_ value: String) throws {
        #expect(try csv(value, "x") == "\(value),x\n")
    }

    @Test(arguments: [" ", "  ", "\u{feff}", "\u{feff}id", " a", "a", "!", "\u{fefe}", "\u{ff21}", "😀", "\u{7f}"])
    func `a value is quoted alike whether its parser called it plain or not`(_ value: String) throws {
        for rows in [[[value, "x"]], [["x", value]], [[value]]] as [[[String?]]] {
            let encoder = FileFormat.csv.encoder(for: columns(rows[0].map { _ in .string }))
            var (plain, other) = (EncodedRows(), EncodedRows())
            try encoder.encode(block(rows, traits: [.plainCSV, .plainJSON]), into: &plain)
            try encoder.encode(block(rows), into: &other)
            #expect(plain.bytes == other.bytes)
        }
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
        let names = ["\u{feff}id", "a,b", "c", " ", "a\rb", "say \"hi\"", "a\u{feff}"]
        let encoder = FileFormat.csv.encoder(
            for: names.map { Column(name: $0, sourceType: "varchar", type: .string) })
        #expect(
            Array(encoder.fileHeader)
                == Array("\"\u{feff}id\",\"a,b\",c,\" \",\"a\rb\",\"say \"\"hi\"\"\",a\u{feff}\n".utf8))
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
        (ColumnType.long, "-9223372036854775808", "-9223372036854775808"),
        (.long, "9223372036854775807", "9223372036854775807"),
        (.int, "007", "\"007\""), (.boolean, "true", "true"), (.boolean, "TRUE", "\"TRUE\""),
        (.double, "1.0E10", "1.0E10"), (.double, "-0.0", "-0.0"), (.double, "NaN", "\"NaN\""),
        (.double, "-Infinity", "\"-Infinity\""), (.float, "9.999999999999999E22", "9.999999999999999E22"),
        (.decimal, "12345678901234567890123456789012345678", "\"12345678901234567890123456789012345678\""),
        (.json, " {\"a\" : 1} ", "{\"a\":1}"), (.json, "{oops", "\"{oops\""), (.binary, "00 ff", "\"00 ff\""),
        (.naiveDate, "2020-01-31", "\"2020-01-31\""), (.json, "\"\\u0000\"", "\"\\\"\\\\u0000\\\"\""),
    ])
    func `types are written as loaders take them`(_ type: ColumnType, _ text: String, _ json: String) throws {
        #expect(try encode([text], [type], as: .ndjson) == "{\"c0\":\(json)}\n")
    }
}

@Suite struct `Encoding a block of rows` {
    /// Of all lengths up to that of several blocks of a batch, with quotes and NULLs.
    private static let rows: [[String?]] = (0..<300).map { row in
        let length = row == 150 ? 700_000 : row % 50 == 0 ? 5000 : row % 40
        return ["k\(row)", String(repeating: row % 3 == 0 ? "\"" : "x", count: length), row % 7 == 0 ? nil : "\(row),"]
    }

    @Test(arguments: FileFormat.allCases)
    func `rows are the same however many are encoded at a time`(_ format: FileFormat) throws {
        let encoder = format.encoder(for: columns([.string, .string, .string]))
        let block = block(Self.rows)
        let lines = try Self.rows.indices.map { row in
            var line = EncodedRows()
            _ = try encoder.encode(block, rows: row..<row + 1, into: &line, limit: 1)
            return line.bytes
        }
        for capacity in [0, 100, 20_000, 2 << 20] {
            for step in [1, 7, 64, 65, 300] {
                var output = EncodedRows(capacity: capacity)
                for start in stride(from: 0, to: lines.count, by: step) {
                    let end = min(lines.count, start + step)
                    _ = try encoder.encode(block, rows: start..<end, into: &output, limit: .max)
                }
                #expect(output.bytes == lines.flatMap(\.self))
                #expect(output.count == lines.count)
                #expect(lines.indices.allSatisfy { Array(output.bytes[output.range(ofRow: $0)]) == lines[$0] })
            }
        }
    }

    @Test(arguments: FileFormat.allCases)
    func `encoding ends with the row that reaches the limit`(_ format: FileFormat) throws {
        let encoder = format.encoder(for: columns([.string, .string, .string]))
        let block = block(Self.rows)
        var whole = EncodedRows()
        try encoder.encode(block, into: &whole)
        for limit in Array(1..<500) + [8191, 8192, 8193, 260_000, whole.bytes.count - 1, whole.bytes.count] {
            var output = EncodedRows(capacity: 10_000)
            let end = try encoder.encode(block, rows: 0..<block.rowCount, into: &output, limit: limit)
            #expect(output.count == end)
            #expect(output.bytes.count >= limit && output.range(ofRow: end - 1).lowerBound < limit)
            #expect(output.bytes.elementsEqual(whole.bytes.prefix(output.bytes.count)))
            let next = try encoder.encode(block, rows: end..<block.rowCount, into: &output, limit: limit)
            #expect(next == end)
        }
    }

    @Test func `a row that CSV cannot carry leaves those before it`() throws {
        let encoder = FileFormat.csv.encoder(for: columns([.string]))
        let block = block([["a"], ["b"], [nil], ["c"]])
        var output = EncodedRows(capacity: 1000)
        let end = try encoder.encode(block, rows: 0..<4, into: &output, limit: 3)
        #expect(end == 2)
        #expect(output.bytes == Array("a\nb\n".utf8))
        #expect(throws: ExportError.self) { try encoder.encode(block, rows: end..<4, into: &output, limit: .max) }
        #expect(output.bytes == Array("a\nb\n".utf8))
    }
}
