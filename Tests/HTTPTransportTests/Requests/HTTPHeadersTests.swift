import HTTPTransport
import Testing

@Suite struct `Header fields` {
    @Test func `fields are found without regard to case`() {
        let headers: HTTPHeaders = ["Content-Type": "a", "ETag": "b"]
        #expect(headers["content-type"] == "a")
        #expect(headers["ETAG"] == "b")
        #expect(headers["Content-Typ"] == nil)
    }

    @Test func `a field that is set replaces every field of its name, and an appended one keeps them`() {
        var headers: HTTPHeaders = ["A": "1"]
        headers.append("a", "2")
        #expect(headers.map(\.value) == ["1", "2"])
        headers["A"] = "3"
        #expect(headers.map(\.value) == ["3"])
        headers["a"] = nil
        #expect(headers == [:])
    }

    @Test func `letters that only Unicode folds are different names`() {
        #expect((["\u{212A}ey": "1"] as HTTPHeaders)["key"] == nil)
    }
}
