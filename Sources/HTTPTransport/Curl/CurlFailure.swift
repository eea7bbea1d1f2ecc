import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension HTTPRequest {
    /// `CURLE_TOO_LARGE`, which the headers of old versions do not know.
    private static let tooLarge = CURLcode(100)

    /// The meaning of libcurl's code for this request.
    ///
    /// - Parameter handle: the handle that failed; `nil` if no transfer was begun.
    func failure(
        _ code: CURLcode, on handle: CurlHandle? = nil, configuration: CurlTransport.Configuration
    ) -> HTTPTransportError {
        let host = url.authority
        let reason = handle?.reason(for: code) ?? String(cString: curl_easy_strerror(code))
        if code.mayBeWantOfDescriptors, let shortage = descriptorShortage() {
            return .couldNotConnect(host: host, reason: shortage)
        }
        if let refusal = handle?.proxyRefusal(code) {
            return .refusedByProxy(host: host, refusal, reason: reason)
        }
        // Under several codes, libcurl quotes the variable that it cannot use, which may have a password.
        if reason.hasPrefix("Unsupported proxy") { return .unusableProxy(host: host) }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return .couldNotResolve(host: host)
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            return .couldNotConnect(host: host, reason: reason)
        case CURLE_OPERATION_TIMEDOUT:
            let phase = handle?.phaseOfTimeout(limits) ?? .connect
            return .timedOut(host: host, phase: phase, limit: limits[phase])
        case CURLE_SSL_CONNECT_ERROR, CURLE_USE_SSL_FAILED: return .tlsFailed(host: host, reason: reason)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .certificateRejected(host: host, reason: reason)
        case CURLE_SSL_CACERT_BADFILE:
            return .caBundleUnreadable(path: configuration.caBundlePath ?? "libcurl's own bundle")
        // Old versions of libcurl report a header line of over 100 KiB as "out of memory", which hardly ever happens on
        // Linux.
        case CURLE_OUT_OF_MEMORY, Self.tooLarge:
            return .headersTooLarge(host: host, limit: min(limits.headerBytes, 100 << 10))
        case CURLE_PARTIAL_FILE: return .truncatedBody(host: host)
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR: return .connectionLost(host: host, reason: reason)
        // libcurl takes an answer without a status line for HTTP/0.9, and reports an unsupported protocol.
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            return .malformedAnswer(host: host, reason: reason)
        default: return .refusedByCurl(host: host, code: Int(code.rawValue), reason: reason)
        }
    }
}

extension CurlHandle {
    /// libcurl has one code for the three limits. Its timer fires up to a millisecond early by its own clock.
    fileprivate func phaseOfTimeout(_ limits: HTTPLimits) -> HTTPTransportError.Phase {
        let elapsed = Duration.microseconds(microseconds(until: CURLINFO_TOTAL_TIME_T))
        if elapsed + .milliseconds(10) >= limits.total { return .total }
        return microseconds(until: CURLINFO_PRETRANSFER_TIME_T) == 0 ? .connect : .stall
    }
}

extension CurlHandle {
    /// Why the proxy did not connect to the host; nil if something else failed.
    ///
    /// The code alone does not show it: to libcurl, an answer 407 to CONNECT is a failure to receive, or to connect.
    fileprivate func proxyRefusal(_ code: CURLcode) -> HTTPTransportError.ProxyRefusal? {
        if code == CURLE_PROXY { return ccurl_proxy_wants_credentials(easy) != 0 ? .needsCredentials : nil }
        // 0 without a tunnel; in the 2xx range if the tunnel stands and something behind it has failed.
        switch connectStatus {
        case ..<300: return nil
        case 401, 407: return .needsCredentials
        case 408, 425, 429: return .cannotConnect
        case 400..<500: return .forbidsHost
        default: return .cannotConnect
        }
    }
}

extension HTTPLimits {
    fileprivate subscript(phase: HTTPTransportError.Phase) -> Duration {
        switch phase {
        case .connect: connect
        case .stall: stall
        case .total: total
        }
    }
}

/// Why this process can open no file now, as a rule because too many are open; nil if it can. libcurl does not report
/// it.
private func descriptorShortage() -> String? {
    let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard file < 0 else {
        close(file)
        return nil
    }
    return String(cString: strerror(errno)) + " in this process (ulimit -n)"
}

extension CURLcode {
    /// The failed call opens a file: a socket, the pipe of a resolver, the bundle of certificates.
    fileprivate var mayBeWantOfDescriptors: Bool {
        [
            CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CONNECT_ERROR,
        ].contains(self)
    }

    /// libcurl's codes for a connection that ends, breaks or falls silent before the body is complete.
    var isOfBrokenBody: Bool {
        self == CURLE_PARTIAL_FILE || self == CURLE_RECV_ERROR || self == CURLE_OPERATION_TIMEDOUT
    }
}
