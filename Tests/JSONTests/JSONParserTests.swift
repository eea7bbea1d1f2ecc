import JSON
import Testing
import TestSupport

@Suite struct `Reading JSON texts` {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test func `numbers keep their digits`() throws {
        for digits in ["0", "-0", "1.50", "1e400", "9223372036854775808", "12345678901234567890.12345"] {
            #expect(try parse(digits) == .number(digits))
        }
    }

    @Test func `members keep their order and text survives a round trip`() throws {
        let text = #"{"z":[1,null,true],"a":{"é":"\"\\\n\u0001😀"},"m":""}"#
        #expect(String(decoding: try parse(text).serialized(pretty: false), as: UTF8.self) == text)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "01", "1.", ".5", "+1", "1e", "NaN", "-", "[1,]", "[1 2]", "{", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "[1]]", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\u{1}\"", "{} {}", "'a'",
    ])
    func `what is not JSON is refused`(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func `a member that stands twice is refused by name`() {
        #expect(throws: JSONError.syntax(offset: 7, reason: "the member \"a\" stands twice in one object")) {
            try parse(#"{"a":1,"a":2}"#)
        }
    }

    @Test func `errors count bytes from the beginning`() {
        #expect(throws: JSONError.syntax(offset: 6, reason: "expected a comma or ], found 'x'")) {
            try parse("[1, 2 x")
        }
    }

    @Test func `a byte order mark and gzip data are called by their names`() {
        #expect { try parse("\u{feff}{}") } throws: { "\($0)".contains("byte order mark") }
        #expect { try JSONValue(parsing: [0x1f, 0x8b, 8, 0]) } throws: { "\($0)".contains("gzip") }
    }

    @Test func `nesting is bounded`() throws {
        #expect(throws: Never.self) { try parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) }
        #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xff, 0x22]) }
    }

    @Test func `every prefix of a text is refused`() {
        let text = Array(#"{"a":[1,"b\u00e9",{"c":null}],"d":-1.5e3}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<count])) }
        }
    }

    @Test func `fields name the way to what is wrong`() throws {
        let root = JSONField(try parse(#"{"batches":[{"rows":1},{"rows":"x"}]}"#))
        #expect(
            throws: JSONError.field(path: "batches[1].rows", expected: "an integer of at least 0", found: "a string")
        ) {
            for batch in try root.member("batches").elements() { _ = try batch.member("rows").integer(atLeast: 0) }
        }
    }

    @Test(arguments: ["1.0", "1e2", "9223372036854775808", "-1"])
    func `an integer is written as one`(_ digits: String) throws {
        #expect(throws: JSONError.self) { try JSONField(.number(digits)).integer(atLeast: 0) }
    }
}

@Suite struct `Scanning JSON` {
    @Test func `strings end where they end at every length and place of the escape`() throws {
        for length in 0..<40 {
            for escape in 0...length {
                let text =
                    String(repeating: "a", count: escape) + #"\""# + String(repeating: "é", count: length - escape)
                let bytes = Array("\"\(text)\",1".utf8)
                let end = try bytes.span.endOfJSONString(from: 1)
                #expect(end.quote == bytes.count - 3)
                #expect(end.hasEscapes)
                #expect(end.hasNonASCII == (length > escape))
            }
        }
    }

    @Test func `values are skipped whole`() throws {
        for value in ["1", "\"a]\\\"}\"", "[]", "{}", "[[1,{\"a\":\"]\"}],2]", "null", "{\"a\":[{}]}"] {
            let bytes = Array("\(value),x".utf8)
            #expect(try bytes.span.skipJSONValue(from: 0) == value.utf8.count)
        }
    }

    @Test(arguments: [
        "Infinity", "-Infinity", "NaN", "007", "0x10", "-", "+1", "1.", ".5", "1e", "1e+", "--1", "1.2.3", "1_000",
        "tru", "True", "nulls", "undefined", "'a'", "é", "#",
    ])
    func `what is no number and no word of JSON is not skipped, wherever it stands`(_ scalar: String) {
        for text in [
            "\(scalar)", " \(scalar) ", "[\(scalar)]", "{\"a\":\(scalar)}", "[1,\(scalar),2]", "[[[\(scalar)]],[]]",
            "{\"a long name of a member\":{\"and another one\":[\"text\",\(scalar)]},\"more\":\"text\"}",
        ] {
            // At every place of the blocks that are scanned at a time.
            for count in 0..<20 {
                let bytes = Array((text.dropLast() + String(repeating: " ", count: count) + text.suffix(1)).utf8)
                let shifted = Array("[\"\(String(repeating: "x", count: count))\",\(text)]".utf8)
                if text.hasPrefix("[") || text.hasPrefix("{") {
                    #expect(throws: JSONError.self) { try bytes.span.skipJSONValue(from: 0) }
                }
                #expect(throws: JSONError.self) { try shifted.span.skipJSONValue(from: 0) }
            }
            #expect(throws: JSONError.self) { try Array(text.utf8).span.skipJSONValue(from: 0) }
        }
    }

    @Test(arguments: [
        "0", "-0", "10", "-1.5", "1e5", "1E-5", "0.1e+10", "true", "false", "null", "1234567890123456789012",
    ])
    func `every number and word of JSON is skipped, wherever it stands`(_ scalar: String) throws {
        for count in 0..<20 {
            let text = "[\"\(String(repeating: "x", count: count))\",\(scalar),{\"a\":\(scalar)},[\(scalar) ,\"y\"]]"
            #expect(try Array(text.utf8).span.skipJSONValue(from: 0) == text.utf8.count, "\(text)")
        }
    }

    /// The same result as byte by byte, for any content of the blocks that are scanned at a time and wherever they are
    /// cut.
    @Test func `values are skipped as their strings, brackets and scalars say`() throws {
        var generator = SplitMix(seed: 20_261_130)
        let pieces = [
            "{", "}", "[", "]", "\"", "\\\"", "\\\\", ",", ":", "1", "-", "0", "true", "nul", " ", "\n", "\"é\"",
            "\"longer text\"", "\"{[\"", "\"}]\"", "\u{1}", "\"VarCharValue\":", "12.5e-7,", "é",
        ]
        for _ in 0..<20_000 {
            let text =
                "[" + (0..<Int.random(in: 0..<40)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let bytes = Array(text.utf8)
            #expect((try? bytes.span.skipJSONValue(from: 0)) == endOfValue(bytes), "\(text)")
        }
    }

    /// - Returns: nil for an error.
    private func endOfValue(_ bytes: [UInt8]) -> Int? {
        var (depth, isInString, isEscaped) = (0, false, false)
        var scalar: [UInt8] = []
        for (offset, byte) in bytes.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5c {
                    isEscaped = true
                } else if byte == 0x22 {
                    isInString = false
                } else if byte < 0x20 {
                    return nil
                }
                continue
            }
            if Array("{}[],:\" \n\r\t".utf8).contains(byte) {
                guard scalar.isEmpty || (try? JSONValue(parsing: scalar)) != nil else { return nil }
                scalar = []
            } else {
                scalar.append(byte)
            }
            if byte == 0x22 { isInString = true }
            if byte == 0x5b || byte == 0x7b { depth += 1 }
            if byte == 0x5d || byte == 0x7d { depth -= 1 }
            if depth == 0 { return offset + 1 }
        }
        return nil
    }

    @Test func `escapes are decoded in place`() throws {
        var bytes = Array(#"a\n\"\\\/\b\f\r\t\u0041\u00e9\u20ac\ud83d\ude00z"#.utf8)
        var span = bytes.mutableSpan
        let result = try JSONUnescaping.decode(&span, in: 0..<span.count)
        #expect(String(decoding: bytes[..<result.count], as: UTF8.self) == "a\n\"\\/\u{8}\u{c}\r\tAé€😀z")
        #expect(!result.hasNUL && !result.hasLoneSurrogate)
    }

    @Test(arguments: [#"\ud800"#, #"\udc00"#, #"\ud800\u0041"#, #"\ud800x"#])
    func `lone surrogates are noticed`(_ text: String) throws {
        var bytes = Array(text.utf8)
        var span = bytes.mutableSpan
        #expect(try JSONUnescaping.decode(&span, in: 0..<span.count).hasLoneSurrogate)
    }
}

@Suite struct `Embedding JSON` {
    private func minify(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        return JSONMinifier.append(bytes.span, in: 0..<bytes.count, to: &output)
            ? String(decoding: output, as: UTF8.self) : nil
    }

    @Test func `blanks between tokens go and nothing else changes`() {
        #expect(minify(" { \"a b\" : [ 1.50 , true,\n null ] } ") == "{\"a b\":[1.50,true,null]}")
        #expect(minify("12345678901234567890.123456789") == "12345678901234567890.123456789")
        #expect(minify(#""\u00e9\n""#) == #""\u00e9\n""#)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "01", "tru", "truex", "\"\\ud800\"", "\"\\u0000\"", "\"\\x\"",
        "1 2",
    ])
    func `what loaders could not take is left alone`(_ text: String) {
        #expect(minify(text) == nil)
    }

    @Test func `deep nesting is not embedded`() {
        #expect(minify(String(repeating: "[", count: 100_000)) == nil)
    }
}
