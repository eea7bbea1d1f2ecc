import Threading

/// The network: HTTP/1.1 over libcurl.
///
/// Every transfer runs on one thread of the transport's own, and connections stay open for the next request to the
/// same host. The certificate and the host name of the peer are always verified, TLS is 1.2 at least, redirects are
/// returned and not followed, bodies are returned as sent and not decompressed. libcurl sends a request once more by
/// itself in one case: a kept connection turns out closed before the first byte of an answer.
///
/// A stall limit counts in whole seconds, from when libcurl's average over about five seconds has come down to nothing.
///
/// Making the first transport ignores `SIGPIPE` for the whole process, unless a handler is installed.
package final class CurlTransport: HTTPTransport {
    /// Settings of every request of a transport.
    package struct Configuration: Sendable {
        /// PEM file of trusted certificates; `nil` for those that libcurl was built with.
        ///
        /// libcurl reads no environment variable for it, so the caller passes the value of `AWS_CA_BUNDLE` here.
        package var caBundlePath: String?
        /// Sent with each request that has no such field; `nil` sends none.
        package var userAgent: String?
        /// Whether `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` of the environment count.
        package var usesProxiesOfEnvironment: Bool

        package init(
            caBundlePath: String? = nil, userAgent: String? = nil, usesProxiesOfEnvironment: Bool = true
        ) {
            self.caBundlePath = caBundlePath
            self.userAgent = userAgent
            self.usesProxiesOfEnvironment = usesProxiesOfEnvironment
        }
    }

    private let configuration: Configuration
    private let mailbox = CurlMailbox()

    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        // Here and not on the loop's thread: a process that ends soon must not tear OpenSSL down while it is set up.
        _ = CurlLoop.isCurlReady
        // The loop exists on its thread alone; only the mailbox is shared.
        do throws(ThreadShortage) {
            _ = try DedicatedThread { [mailbox] in CurlLoop.run(configuration, mailbox) }
        } catch {
            mailbox.detach(.noThread(reason: "\(error)"))
        }
    }

    deinit { close() }

    /// Ends the thread and the connections. Requests without an answer get ``HTTPTransportError/closed``.
    package func close() {
        mailbox.close()
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        if request.headers["User-Agent"] == nil { request.headers["User-Agent"] = configuration.userAgent }
        try request.validate()
        return try await exchange(request)
    }

    private func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let id = mailbox.nextID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                mailbox.post(.start(CurlOrder(id: id, request: request, continuation: continuation)))
                // The handler below may have run already, before there was an order to cancel.
                if Task.isCancelled { mailbox.post(.cancel(id)) }
            }
        } onCancel: {
            mailbox.post(.cancel(id))
        }
    }
}
