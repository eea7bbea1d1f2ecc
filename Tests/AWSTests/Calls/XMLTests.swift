import Testing
import TestSupport

@testable import AWS

@Suite struct `XML of a service` {
    private func parse(_ text: String) throws -> XMLElement { try XMLElement(parsing: Array(text.utf8)) }

    @Test func `XML is read as elements and text`() throws {
        let document = try parse(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <s:A xmlns:s="https://e.example/" b = '>"'>
              <B>one &lt;&amp;&gt;&quot;&apos; &#65;&#x1F600;</B><C/><B >two</B >
              <D><E>ž</E></D>
            </s:A>

            """)
        #expect(document.name == "A" && document.children.map(\.name) == ["B", "C", "B", "D"])
        #expect(document.text(of: "B") == "one <&>\"' A😀")
        #expect(document.text(of: "C") == nil && document["D"]?.text(of: "E") == "ž" && document["F"] == nil)
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "</a>", "<a></b>", "<a></a", "<a", "<", "<a/><b/>", "<a/>x", "x<a/>", "<a><b></a></b>",
        "<a>&nbsp;</a>", "<a>&</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#xFFFE;</a>",
        "<a>&#-65;</a>", "<a>&#;</a>", "<a>&#x;</a>", "<a>&lt</a>", "<a>\u{1}</a>", "<a>\u{0}</a>", "<1a/>", "< a/>",
        "<a b/>", "<a b=c/>", "<a b=\"<\"/>", "<a b=\"1\"c=\"2\"/>", "<a b=\"/>", "<a><!-- x --></a>",
        "<a><![CDATA[x]]></a>", "<a><?php ?></a>", "<?xml", "<a xmlns/>", "<a>]]</b>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;\">]><a>&y;</a>",
    ])
    func `XML that is not well-formed, or more than services send, is refused`(_ text: String) {
        #expect(throws: XMLFault.self) { try parse(text) }
    }

    @Test func `XML that is too deep, too large or no UTF-8 is refused`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        _ = try parse(nested(32))
        #expect(throws: XMLFault.self) { try parse(nested(33)) }
        #expect(throws: XMLFault.self) { try parse(nested(100_000)) }
        #expect(throws: XMLFault.self) { try parse("<a>\(String(repeating: "x", count: 1 << 20))</a>") }
        #expect(throws: XMLFault.self) { try XMLElement(parsing: Array("<a>".utf8) + [0xff] + Array("</a>".utf8)) }
    }

    /// Every such text is an element or an error, and never ends the program.
    @Test func `XML may be cut off or changed at any byte without a crash`() {
        let whole = Array("<?xml version=\"1.0\"?><a b='c'><d>&#x41;&amp;ž</d><e/></a>".utf8)
        var random = SplitMix(seed: 20_261_130)
        for length in whole.indices {
            #expect(throws: XMLFault.self) { try XMLElement(parsing: Array(whole[..<length])) }
        }
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? XMLElement(parsing: bytes)
        }
    }
}
