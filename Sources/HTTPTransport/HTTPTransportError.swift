/// Why no complete answer arrived.
///
/// Hosts have their port unless it is the scheme's own; reasons are libcurl's words. Neither contains the request's
/// query, header values or body.
package enum HTTPTransportError: Error, Equatable, Sendable {
    /// The limit of ``HTTPLimits`` that was exceeded.
    package enum Phase: String, Sendable {
        case connect, stall, total
    }

    /// Why a proxy makes no connection to a host.
    package enum ProxyRefusal: Sendable {
        /// It requires a user and a password, or refuses the given ones.
        case needsCredentials
        /// It is not allowed to connect to this host.
        case forbidsHost
        /// It did not reach the host, or failed itself.
        case cannotConnect
    }

    case couldNotResolve(host: String)
    /// Refused or unreachable, directly or through a proxy.
    case couldNotConnect(host: String, reason: String)
    /// The proxy did not make the connection to the host.
    case refusedByProxy(host: String, ProxyRefusal, reason: String)
    /// The environment's variable of the proxy is not the URL of a proxy, or of a kind that libcurl was built without.
    case unusableProxy(host: String)
    /// The handshake failed for another reason than the certificate.
    case tlsFailed(host: String, reason: String)
    /// The certificate is not trusted, not valid now or for another host.
    case certificateRejected(host: String, reason: String)
    /// The bundle of trusted certificates is missing, unreadable or without a certificate.
    case caBundleUnreadable(path: String)
    case timedOut(host: String, phase: Phase, limit: Duration)
    case connectionLost(host: String, reason: String)
    /// The connection ended before the body did.
    case truncatedBody(host: String)
    /// The received bytes are not HTTP.
    case malformedAnswer(host: String, reason: String)
    /// - Parameter limit: in bytes.
    case bodyTooLarge(host: String, limit: Int)
    /// - Parameter limit: in bytes. libcurl itself allows one line no more than 100 KiB.
    case headersTooLarge(host: String, limit: Int)
    /// A header field's name is no HTTP token, or its value contains CR, LF or NUL.
    case invalidHeader(name: String)
    /// The method is no HTTP token.
    case invalidMethod
    /// The URL changes when it is put together from its parts and parsed again.
    case invalidURL(host: String)
    /// The request's ``HTTPBodySource`` failed, or had fewer bytes than it promised.
    case unreadableBody(host: String, reason: String)
    /// libcurl refused the request.
    /// - Parameter code: libcurl's `CURLcode`.
    case refusedByCurl(host: String, code: Int, reason: String)
    /// The transport was closed before the answer was complete.
    case closed
    /// The system gives this process no thread for its transfers.
    case noThread(reason: String)

    /// Whether the same request may work later.
    package var isTransient: Bool {
        switch self {
        case .couldNotResolve, .couldNotConnect, .tlsFailed, .timedOut, .connectionLost, .truncatedBody,
            .malformedAnswer:
            true
        case .refusedByProxy(_, let refusal, _): refusal == .cannotConnect
        case .unusableProxy, .certificateRejected, .caBundleUnreadable, .bodyTooLarge, .headersTooLarge, .invalidHeader,
            .invalidMethod, .invalidURL, .unreadableBody, .refusedByCurl, .closed, .noThread:
            false
        }
    }
}

extension HTTPTransportError: CustomStringConvertible {
    /// One line.
    package var description: String {
        switch self {
        case .couldNotResolve(let host): "the name of \(host) could not be resolved"
        case .couldNotConnect(let host, let reason): "no connection to \(host): \(reason)"
        case .refusedByProxy(let host, let refusal, let reason): "\(refusal.describe(host: host)) (\(reason))"
        case .unusableProxy(let host):
            "no connection to \(host): the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) cannot be used"
        case .tlsFailed(let host, let reason): "no TLS connection to \(host): \(reason)"
        case .certificateRejected(let host, let reason): "the certificate of \(host) was rejected: \(reason)"
        case .caBundleUnreadable(let path): "no trusted certificates could be read from \(path)"
        case .timedOut(let host, let phase, let limit): phase.describe(host: host, limit: limit.inSeconds)
        case .connectionLost(let host, let reason): "the connection to \(host) was lost: \(reason)"
        case .truncatedBody(let host): "the answer of \(host) ended before its body was complete"
        case .malformedAnswer(let host, let reason): "the answer of \(host) is not HTTP: \(reason)"
        case .bodyTooLarge(let host, let limit): "the answer of \(host) has a body of more than \(limit) bytes"
        case .headersTooLarge(let host, let limit): "the answer of \(host) has more than \(limit) bytes of headers"
        case .invalidHeader(let name): "the request's header field \(name.debugDescription) is not valid HTTP"
        case .invalidMethod: "the request's method is not valid HTTP"
        case .invalidURL(let host): "the request's URL for \(host.debugDescription) is not valid"
        case .unreadableBody(let host, let reason): "no request to \(host): its body cannot be read: \(reason)"
        case .refusedByCurl(let host, let code, let reason): "no request to \(host): \(reason) (libcurl error \(code))"
        case .closed: "the HTTP transport was closed"
        case .noThread(let reason): "no thread for requests: \(reason)"
        }
    }
}

extension HTTPTransportError.ProxyRefusal {
    fileprivate func describe(host: String) -> String {
        switch self {
        case .needsCredentials: "the proxy on the way to \(host) requires a user and a password"
        case .forbidsHost: "the proxy does not let requests through to \(host)"
        case .cannotConnect: "the proxy could not connect to \(host)"
        }
    }
}

extension HTTPTransportError.Phase {
    fileprivate func describe(host: String, limit: String) -> String {
        switch self {
        case .connect: "no connection to \(host) within \(limit) s"
        case .stall: "\(host) neither sent nor took a byte for \(limit) s"
        case .total: "no whole answer of \(host) within \(limit) s"
        }
    }
}

extension Duration {
    /// `10` or `0.25`, without Foundation's formatting.
    fileprivate var inSeconds: String {
        let seconds = self / .seconds(1)
        return seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
    }
}
