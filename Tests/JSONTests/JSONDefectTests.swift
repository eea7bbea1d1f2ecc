import JSON
import Testing
import TestSupport

@Suite struct `Spoilt JSON texts` {
    private static let good = Array(#"{"format":"x","list":[{"a":1}],"text":"é\n"}"#.utf8)

    @Test(arguments: JSONDefect.all)
    func `a spoilt text is refused with the byte at which it is spoilt, in a line`(_ defect: JSONDefect) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: defect.apply(Self.good)) }
        guard case .syntax(let offset, _) = error else {
            Issue.record(error)
            return
        }
        #expect((0...defect.apply(Self.good).count).contains(offset))
        #expect("\(error)".hasPrefix("byte \(offset): ") && !"\(error)".contains { $0.isNewline })
        #expect("\(error)".utf8.count < 200)
    }

    @Test(arguments: ["1.0", "1e2", "1e400", "9223372036854775808", "18446744073709551616", "-1", "1E0", "0.0"])
    func `a number that is no integer is refused where an integer belongs`(_ digits: String) throws {
        let field = JSONField(try JSONValue(parsing: Array(#"{"n":\#(digits)}"#.utf8)))
        let error = #expect(throws: JSONError.self) { try field.member("n").integer(atLeast: 0) }
        #expect("\(try #require(error))" == "n: expected an integer of at least 0, found \(digits)")
    }

    @Test func `an error is short, whatever the length of its names`() throws {
        let name = String(repeating: "n", count: 1 << 20)
        for text in [#"{"\#(name)":1,"\#(name)":2}"#, #"{"\#(name)":1}"#] {
            let error = #expect(throws: JSONError.self) {
                try JSONField(JSONValue(parsing: Array(text.utf8))).onlyMembers(["a"])
            }
            #expect("\(try #require(error))".utf8.count < 300)
        }
    }

    @Test func `a text of one string of 32 MB is read in one piece`() throws {
        let count = 32 << 20
        let text = [0x22] + Array(repeating: UInt8(ascii: "x"), count: count) + [0x22]
        #expect(try JSONField(JSONValue(parsing: text)).string().utf8.count == count)
    }
}
