import Foundation
import HTTPTransport
import Loopback
import Testing

/// Tests that change the process: each runs in one of its own.
@Suite struct `Effects on the process` {
    @Test func `a broken pipe does not end a process that has a transport`() async {
        await #expect(processExitsWith: .success) {
            // The process that started the tests may ignore it.
            signal(SIGPIPE, SIG_DFL)
            let transport = CurlTransport.forTests()
            _ = try? await transport.get(HTTPURL(scheme: .http, host: "127.0.0.1", port: 1))
            raiseUnmasked(SIGPIPE)
        }
    }

    @Test func `proxies of the environment count only when they are wanted`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try LoopbackServer.sending { LoopbackServer.bytes(body: $0.target) }
            setenv("http_proxy", proxy.url().description, 1)
            let url = HTTPURL(scheme: .http, host: String(repeating: "a", count: 64) + ".invalid")
            let answer = try await CurlTransport().get(url)
            precondition(answer.text == url.description)
            let error = try await CurlTransport.forTests().failure(of: url)
            precondition(error == .couldNotResolve(host: url.host))
            precondition(proxy.acceptedConnections == 1)
        }
    }

    /// Debian's OpenSSL refuses TLS 1.1 by itself, so a configuration makes it accept that version.
    @Test(.enabled(if: TLSServer.openssl != nil, "needs the openssl command"))
    func `TLS 1.1 is refused even where OpenSSL would take it`() async {
        await #expect(processExitsWith: .success) {
            let server = try await TLSServer(options: ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
            setenv("OPENSSL_CONF", try server.writeLenientConfiguration(), 1)
            let transport = CurlTransport.forTests(caBundlePath: server.authorityPath)
            let error = try await transport.failure(of: server.url(host: "localhost"))
            guard case .tlsFailed = error else { fatalError("\(error)") }
        }
    }
}

/// Raises a signal that the threads of Dispatch block otherwise.
private func raiseUnmasked(_ signal: Int32) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, signal)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    raise(signal)
}
