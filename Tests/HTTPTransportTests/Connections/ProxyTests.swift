import Foundation
import HTTPTransport
import Loopback
import Testing

/// The environment names a proxy and belongs to the process, so each test runs in a process of its own.
@Suite struct `A proxy that makes no connection` {
    /// The error of a request to a host that only a proxy could reach.
    static func failure(_ scheme: HTTPURL.Scheme, _ transport: CurlTransport) async throws -> HTTPTransportError {
        try await transport.failure(of: HTTPURL(scheme: scheme, host: "athena.invalid"))
    }

    @Test func `a proxy's refusal is recognized by its answer: credentials, permission or trouble of its own`() async {
        await #expect(processExitsWith: .success) {
            for (status, refusal) in [
                ("407 Proxy Authentication Required", .needsCredentials), ("401 Unauthorized", .needsCredentials),
                ("403 Forbidden", .forbidsHost), ("405 Method Not Allowed", .forbidsHost),
                ("400 Bad Request", .forbidsHost), ("502 Bad Gateway", .cannotConnect),
                ("503 Service Unavailable", .cannotConnect), ("504 Gateway Timeout", .cannotConnect),
                ("429 Too Many Requests", .cannotConnect), ("302 Found", .cannotConnect),
            ] as [(String, HTTPTransportError.ProxyRefusal)] {
                let proxy = try LoopbackServer.sending { _ in
                    LoopbackServer.bytes(status, ["Proxy-Authenticate: Basic realm=\"p\""], body: "page")
                }
                setenv("https_proxy", "http://name:PASSWORD@127.0.0.1:\(proxy.port)", 1)
                let transport = CurlTransport()
                // Twice, since a failure must not affect the next request.
                for _ in 1...2 {
                    let error = try await `A proxy that makes no connection`.failure(.https, transport)
                    guard case .refusedByProxy("athena.invalid", refusal, let reason) = error else {
                        fatalError("\(status): \(error)")
                    }
                    precondition(reason.contains(status.prefix(3)), reason)
                    precondition(error.isTransient == (refusal == .cannotConnect))
                    precondition(!error.description.contains("PASSWORD") && error.description.isOneLine)
                }
            }
        }
    }

    /// libcurl's own message quotes the variable.
    @Test func `a variable that names no proxy is an error without its password, and is not tried again`() async {
        await #expect(processExitsWith: .success) {
            for proxy in [
                "http://name:pa#SECRET@127.0.0.1:1", "http://name:pa/SECRET@127.0.0.1:1", "http://name:pa?SECRET@h:1",
                "ftp://name:SECRET@127.0.0.1:1", "http://name:SECRET@127.0.0.1:99999999", "http://name:SECRET@[::1",
            ] {
                setenv("https_proxy", proxy, 1)
                let error = try await `A proxy that makes no connection`.failure(.https, CurlTransport())
                guard case .unusableProxy("athena.invalid") = error else { fatalError("\(proxy): \(error)") }
                precondition(!error.isTransient)
                precondition(!error.description.contains("SECRET") && error.description.contains("HTTPS_PROXY"))
            }
        }
    }

    @Test func `a proxy gets the user and password of its variable`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try LoopbackServer.sending { request in
                let isKnown = request.header("Proxy-Authorization") == "Basic bmFtZTpwQHNz"
                return LoopbackServer.bytes(isKnown ? "502 Bad Gateway" : "407 No")
            }
            setenv("https_proxy", "http://name:p%40ss@127.0.0.1:\(proxy.port)", 1)
            let error = try await `A proxy that makes no connection`.failure(.https, CurlTransport())
            guard case .refusedByProxy(_, .cannotConnect, _) = error else { fatalError("\(error)") }
        }
    }

    @Test func `a proxy answers a request without TLS itself, with a status as any server`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try LoopbackServer.sending { _ in LoopbackServer.bytes("407 No") }
            setenv("http_proxy", proxy.url().description, 1)
            let answer = try await CurlTransport().get(HTTPURL(scheme: .http, host: "athena.invalid"))
            precondition(answer.status == 407)
        }
    }

    @Test func `a proxy may speak SOCKS and want credentials as well`() async {
        await #expect(processExitsWith: .success) {
            // Version 5, and no method of authentication that the client knows.
            let proxy = try LoopbackServer { connection in connection.write([5, 0xff]) }
            setenv("all_proxy", "socks5h://127.0.0.1:\(proxy.port)", 1)
            let transport = CurlTransport()
            for _ in 1...2 {
                let error = try await `A proxy that makes no connection`.failure(.https, transport)
                guard case .refusedByProxy(_, .needsCredentials, _) = error else { fatalError("\(error)") }
            }
        }
    }

    @Test func `a proxy is not blamed where the host behind it fails, or the proxy itself cannot be reached`() async {
        await #expect(processExitsWith: .success) {
            let tunnel = try LoopbackServer { connection in
                guard connection.readRequest() != nil else { return }
                connection.write("HTTP/1.1 200 Connected\r\n\r\n")
                connection.reset()
            }
            setenv("https_proxy", tunnel.url().description, 1)
            let behind = try await `A proxy that makes no connection`.failure(.https, CurlTransport())
            if case .refusedByProxy = behind { fatalError("\(behind)") }
            setenv("https_proxy", "http://127.0.0.1:\(try LoopbackServer.unusedPort())", 1)
            let before = try await `A proxy that makes no connection`.failure(.https, CurlTransport())
            guard case .couldNotConnect = before else { fatalError("\(before)") }
        }
    }
}
