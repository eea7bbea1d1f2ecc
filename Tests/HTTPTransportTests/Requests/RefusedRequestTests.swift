import HTTPTransport
import Testing

@Suite struct `Refused requests` {
    private let transport = CurlTransport.forTests()
    private let url = HTTPURL(scheme: .http, host: "127.0.0.1", port: 1)

    @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "\r\n"])
    func `a header value with CR, LF or NUL is refused`(value: String) async throws {
        let request = HTTPRequest(method: "GET", url: url, headers: ["X-Token": value])
        let error = try await transport.failure(of: request)
        #expect(error == .invalidHeader(name: "X-Token"))
        #expect(!error.isTransient)
        #expect(!error.description.contains("Evil"))
    }

    @Test(arguments: ["", "X Y", "X:", "X\r\nY", "X\0", "Ä", "@file"])
    func `a header name that is no token is refused`(name: String) async throws {
        let request = HTTPRequest(method: "GET", url: url, headers: [name: "1"])
        let error = try await transport.failure(of: request)
        #expect(error == .invalidHeader(name: name))
        #expect(!error.description.contains("\n"))
    }

    @Test func `a user agent with a line break is refused`() async throws {
        let transport = CurlTransport(.init(userAgent: "a\r\nX-Evil: 1"))
        let error = try await transport.failure(of: url)
        #expect(error == .invalidHeader(name: "User-Agent"))
    }

    @Test(arguments: ["", "GET /\r\n", "G T"])
    func `a method that is no token is refused`(method: String) async throws {
        #expect(try await transport.failure(of: HTTPRequest(method: method, url: url)) == .invalidMethod)
    }

    @Test(arguments: ["user:pass@127.0.0.1", "127.0.0.1/..", "a b", "a\r\nb", "file:///etc/passwd#"])
    func `a host that would lead elsewhere is refused`(host: String) async throws {
        let error = try await transport.failure(of: HTTPURL(scheme: .http, host: host))
        #expect(error == .invalidURL(host: host))
    }

    @Test(arguments: ["/a?b", "/a#b", "/a b", "/a\r\nb", "/ä"])
    func `a path that is not percent-encoded is refused`(path: String) async throws {
        let error = try await transport.failure(of: HTTPURL(scheme: .http, host: "127.0.0.1", path: path))
        #expect(error == .invalidURL(host: "127.0.0.1"))
    }
}
