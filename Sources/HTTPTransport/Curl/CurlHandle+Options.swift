import CCurl

extension CurlHandle {
    /// Verifies certificate and host name. No configuration can turn this off.
    func setTrust(_ configuration: CurlTransport.Configuration) throws(CurlRefusal) {
        try check(ccurl_easy_allow_http_only(easy))
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        if let path = configuration.caBundlePath {
            try set(CURLOPT_CAINFO, path)
            // Otherwise libcurl reads its built-in directory besides the bundle.
            try set(CURLOPT_CAPATH, pointer: nil)
            try set(CURLOPT_PROXY_CAINFO, path)
        }
    }

    func setConnection(_ configuration: CurlTransport.Configuration) throws(CurlRefusal) {
        // HTTP/1.1 has one request on a connection, so no page waits for the flow control of another HTTP/2 stream.
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_TCP_NODELAY, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_BUFFERSIZE, 256 << 10)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try check(ccurl_easy_abandon_resolver(easy))
        if !configuration.usesProxiesOfEnvironment { try set(CURLOPT_NOPROXY, "*") }
    }

    func setLimits(_ limits: HTTPLimits) throws(CurlRefusal) {
        try set(CURLOPT_CONNECTTIMEOUT_MS, limits.connect.curlMilliseconds)
        try set(CURLOPT_TIMEOUT_MS, limits.total.curlMilliseconds)
        try set(CURLOPT_LOW_SPEED_LIMIT, 1)
        try set(CURLOPT_LOW_SPEED_TIME, (limits.stall.curlMilliseconds + 999) / 1000)
    }

    /// - Parameter body: reads the request's body, if that comes from a source.
    func setMessage(_ request: HTTPRequest, body: BodyReader?) throws(CurlRefusal) {
        try set(CURLOPT_URL, request.url.description)
        // A signed path must be sent as it was signed, with any `..` in it.
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        if let body { try set(body) } else if request.carriesBody { try setBody(request.body) }
        switch request.method {
        case "HEAD": try set(CURLOPT_NOBODY, 1)
        case "GET" where !request.carriesBody: try set(CURLOPT_HTTPGET, 1)
        default: try set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        try setHeaderLines(request.headerLines(waitsForContinue: body?.waitsForContinue == true))
    }

    /// Sends what the reader reads; it stays alive until the transfer is over.
    private func set(_ body: BodyReader) throws(CurlRefusal) {
        try set(CURLOPT_UPLOAD, 1)
        try check(ccurl_easy_setopt_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(body.length)))
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        let context = Unmanaged.passUnretained(body).toOpaque()
        try set(CURLOPT_READFUNCTION, callback: readBody)
        try set(CURLOPT_READDATA, pointer: context)
        try set(CURLOPT_SEEKFUNCTION, callback: rewindBody)
        try set(CURLOPT_SEEKDATA, pointer: context)
    }
}

extension HTTPRequest {
    fileprivate var carriesBody: Bool {
        !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method)
    }

    /// Sets the request's fields, and turns off those that libcurl adds by itself.
    fileprivate func headerLines(waitsForContinue: Bool) -> [String] {
        var lines = headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        lines += ["Accept", "Content-Type"].filter { headers[$0] == nil }.map { "\($0):" }
        if headers["Expect"] == nil { lines.append(waitsForContinue ? "Expect: 100-continue" : "Expect:") }
        return lines
    }
}

extension Duration {
    /// At least 1, because 0 means no limit to libcurl, and no more than its `int` holds.
    fileprivate var curlMilliseconds: Int {
        Int(min(max(self / .milliseconds(1), 1), Double(Int32.max)).rounded(.up))
    }
}
