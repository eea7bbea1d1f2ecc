import HTTPTransport
import Testing
import TestSupport

@Suite struct `Addresses` {
    @Test func `an address is taken apart`() throws {
        let url = try HTTPURL(parsing: "HTTPS://Example.COM:8443/A/b%20c?x=1&y=?/")
        #expect(url.scheme == .https)
        #expect(url.host == "example.com")
        #expect(url.port == 8443)
        #expect(url.path == "/A/b%20c")
        #expect(url.query == "x=1&y=?/")
        #expect(url.authority == "example.com:8443")
        #expect(url.description == "https://example.com:8443/A/b%20c?x=1&y=?/")
    }

    @Test(arguments: [
        ("http://h", "http://h/"), ("http://h?q", "http://h/?q"), ("http://h/?", "http://h/?"),
        ("https://h:443/", "https://h/"), ("http://h:80", "http://h/"), ("http://h:443", "http://h:443/"),
        ("http://h:0080", "http://h/"), ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://[FD00:EC2::23]/", "http://[fd00:ec2::23]/"), ("http://169.254.170.2/v2", "http://169.254.170.2/v2"),
        ("http://a.b-c_d.e./", "http://a.b-c_d.e./"), ("http://1a.2b", "http://1a.2b/"),
        ("http://127.0.0.1.nip.io", "http://127.0.0.1.nip.io/"),
    ])
    func `an address is written in one form`(text: String, expected: String) throws {
        let url = try HTTPURL(parsing: text)
        #expect(url.description == expected)
        #expect(try HTTPURL(parsing: url.description) == url)
    }

    @Test(arguments: [
        "", "h", "//h/", "h:80/", "/path", "file:///etc/passwd", "ftp://h/", "gopher://h/", "http:/h", "http:///path",
        "http://", "http://?q", "http://h/#f", "http://h#f", "http://h/a b", "http://h/a\\b", "http://h/\r\nX: 1",
        "http://h/\0", "http://ä.example/", " http://h/", "http://h:/", "http://h:0/", "http://h:65536/",
        "http://h:+80/", "http://h:-80/", "http://h:8o/", "http://::1/", "http://[::1/", "http://[]/",
        "http://[::1]x/", "http://[::1]:/", "http://[fe80::1%25eth0]/", "http://[localhost]/", "http://a..b/",
        "http://.a/", "http://./", "http://a%2eb/", "http://a,b/", "http://$(x)/",
    ])
    func `a text that is no address of ours is refused`(text: String) {
        #expect(throws: HTTPURLError.self) { try HTTPURL(parsing: text) }
    }

    @Test(arguments: [
        "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "127.0.0.1.2", "256.0.0.1",
        "127.0.0.01", "1.2.3.0x4", "example.0x", "example.1",
    ])
    func `a host in another notation of an IPv4 address is refused`(host: String) {
        #expect(throws: HTTPURLError.self) { try HTTPURL(parsing: "http://\(host)/") }
        #expect(throws: HTTPURLError.self) { try HTTPURL(parsing: "http://\(host)./") }
    }

    @Test(arguments: [
        "https://user:hunter2@h/", "https://user:hun ter2@h/", "hunter2@h", "ftp://u:hunter2@h/",
        "https://u:hunter2#x@h/", "https://u:hunter2?x@h/", "https://u:hunter2/x@h/", "https://h/?token=hunter2#x",
        "https://h /?token=hunter2", "https://h/#hunter2",
    ])
    func `the error shows neither user information nor a query`(text: String) throws {
        let error = try #require(throws: HTTPURLError.self) { try HTTPURL(parsing: text) }
        #expect(!error.description.contains("hun"))
        #expect(!error.description.contains("ter2"))
    }

    @Test func `the error says on one line what is wrong`() throws {
        let error = try #require(throws: HTTPURLError.self) { try HTTPURL(parsing: "ftp://h/\r\n") }
        #expect(error.description.isOneLine)
        let c1 = try #require(throws: HTTPURLError.self) { try HTTPURL(parsing: "http:/h\u{85}\u{9b}31m") }
        #expect(c1.description.unicodeScalars.allSatisfy { (0x20..<0x7f).contains($0.value) })
        let scheme = try #require(throws: HTTPURLError.self) { try HTTPURL(parsing: "ftp://h/") }
        #expect(scheme.description == "\"ftp://h/\" is no URL for a request: its scheme is neither http nor https")
    }

    @Test func `an address is well formed exactly if its text is read as the same parts`() {
        let hosts = [
            "h", "H.example.", "127.0.0.1", "127.1", "[::1]", "[::1", "u@h", "h/", "h?", "h#", "h:1", "", "a b", "ä",
        ]
        let ports = [nil, 1, 80, 65535, 0, -1, 65536]
        let pieces = ["/", "a", "%20", "?", "#", "\\", " ", "\n", "\0", "ä", "@", ":", "..", "~", "\u{7f}"]
        var random = SplitMix(seed: 1)
        func text() -> String {
            (0..<Int.random(in: 0...3, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
        }
        var counts = [true: 0, false: 0]
        for _ in 0..<20_000 {
            var url = HTTPURL(
                scheme: .http, host: hosts.randomElement(using: &random)!, port: ports.randomElement(using: &random)!,
                query: Bool.random(using: &random) ? text() : nil)
            url.path = Bool.random(using: &random) ? "/" : text()
            let read = try? HTTPURL(parsing: url.description)
            #expect(url.isWellFormed == (read == url), "\(url)")
            counts[url.isWellFormed]! += 1
        }
        // Both kinds came up often.
        #expect(counts.values.allSatisfy { $0 > 500 })
    }
}
