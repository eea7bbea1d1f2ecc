import HTTPTransport
import Loopback
import Testing

@Suite(.enabled(if: TLSServer.openssl != nil, "needs the openssl command"))
struct `Certificates` {
    @Test func `a certificate of the bundle's authority is accepted for its own host`() async throws {
        let server = try await TLSServer()
        let transport = CurlTransport.forTests(caBundlePath: server.authorityPath)
        for _ in 1...2 {
            #expect(try await transport.get(server.url(host: "localhost")).status == 200)
        }
    }

    @Test func `a certificate for another host is refused`() async throws {
        let server = try await TLSServer()
        let url = server.url(host: "127.0.0.1")
        let error = try await CurlTransport.forTests(caBundlePath: server.authorityPath).failure(of: url)
        try expectRejection(error, by: url)
    }

    @Test func `a certificate of an unknown authority is refused`() async throws {
        let server = try await TLSServer()
        let url = server.url(host: "localhost")
        try expectRejection(await CurlTransport.forTests().failure(of: url), by: url)
    }

    @Test func `a self-signed certificate is refused`() async throws {
        let server = try await TLSServer(isSelfSigned: true)
        let url = server.url(host: "localhost")
        let error = try await CurlTransport.forTests(caBundlePath: server.authorityPath).failure(of: url)
        try expectRejection(error, by: url)
    }

    @Test func `a certificate that has expired is refused`() async throws {
        let server = try await TLSServer(days: -1)
        let url = server.url(host: "localhost")
        let error = try await CurlTransport.forTests(caBundlePath: server.authorityPath).failure(of: url)
        try expectRejection(error, by: url)
        #expect("\(error)".contains("expired"))
    }

    @Test func `a server without TLS is a failed handshake`() async throws {
        let server = try LoopbackServer { $0.write("HTTP/1.1 200 OK\r\n\r\n") }
        var url = server.url()
        url.scheme = .https
        let error = try await CurlTransport.forTests().failure(of: url)
        guard case .tlsFailed(url.authority, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.isTransient)
    }

    @Test(arguments: ["/nonexistent/bundle.pem", "/dev/null"])
    func `a bundle without certificates is named in the error`(path: String) async throws {
        let server = try await TLSServer()
        let error = try await CurlTransport.forTests(caBundlePath: path).failure(of: server.url(host: "localhost"))
        #expect(error == .caBundleUnreadable(path: path))
        #expect(!error.isTransient)
    }

    private func expectRejection(_ error: HTTPTransportError, by url: HTTPURL) throws {
        guard case .certificateRejected(url.authority, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!error.isTransient)
    }
}
