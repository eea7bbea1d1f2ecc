import CCurl

/// One request in progress: its handle, the answer so far, and the continuation that waits for it.
final class CurlTransfer {
    let handle: CurlHandle
    let continuation: CheckedContinuation<HTTPResponse, any Error>
    private let id: UInt
    private let request: HTTPRequest
    private let collector: ResponseCollector
    private let body: BodyReader?

    /// - Parameter answersContinue: whether the server may answer with 100 to a request that waits for it.
    init(_ order: CurlOrder, on handle: CurlHandle, answersContinue: Bool) {
        self.handle = handle
        continuation = order.continuation
        id = order.id
        request = order.request
        collector = ResponseCollector(limits: order.request.limits, onBody: order.request.onBody)
        body = order.request.bodySource.map { BodyReader($0, answersContinue: answersContinue) }
    }

    /// Sets every option of the handle. An option that fails makes the request fail, since security depends on some of
    /// them.
    func prepare(_ configuration: CurlTransport.Configuration) throws(CurlRefusal) {
        try handle.setReasonBuffer()
        try handle.setTag(id)
        try handle.setTrust(configuration)
        try handle.setConnection(configuration)
        try handle.setLimits(request.limits)
        try handle.setMessage(request, body: body)
        let context = Unmanaged.passUnretained(collector).toOpaque()
        try handle.set(CURLOPT_HEADERFUNCTION, callback: takeHeaderLine)
        try handle.set(CURLOPT_HEADERDATA, pointer: context)
        try handle.set(CURLOPT_WRITEFUNCTION, callback: takeBody)
        try handle.set(CURLOPT_WRITEDATA, pointer: context)
    }

    /// The server that has let this request wait for an answer 100, and took its body without one; nil if it has not.
    var serverWithoutContinue: String? {
        guard body?.waitsForContinue == true, !collector.hasContinue, (200..<300).contains(handle.status) else {
            return nil
        }
        return request.url.authority
    }

    /// The result of the request, once libcurl has reported it as done.
    func result(
        _ code: CURLcode, _ configuration: CurlTransport.Configuration
    ) -> Result<HTTPResponse, any Error> {
        // libcurl reports a body that was cut at the limit as a failure to write.
        if code == CURLE_OK || collector.isCut { return .success(collector.takeResponse(status: handle.status)) }
        if request.acceptsBrokenBody, code.isOfBrokenBody, collector.hasBody {
            return .success(collector.takeResponse(status: handle.status))
        }
        let host = request.url.authority
        if let reason = body?.failure {
            return .failure(HTTPTransportError.unreadableBody(host: host, reason: reason))
        }
        switch collector.overflow {
        case .headers:
            return .failure(HTTPTransportError.headersTooLarge(host: host, limit: request.limits.headerBytes))
        case .body: return .failure(HTTPTransportError.bodyTooLarge(host: host, limit: request.limits.bodyBytes))
        case nil: return .failure(request.failure(code, on: handle, configuration: configuration))
        }
    }
}

private let takeHeaderLine: ccurl_write_callback = { bytes, size, count, context in
    hand(bytes, size * count, context) { $0.take(headerLine: $1) }
}

private let takeBody: ccurl_write_callback = { bytes, size, count, context in
    hand(bytes, size * count, context) { $0.take(body: $1) }
}

/// - Returns: the number of bytes taken. libcurl ends the transfer if it is lower than offered.
private func hand(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (ResponseCollector, UnsafeRawBufferPointer) -> Bool
) -> Int {
    guard let context else { return 0 }
    let collector = Unmanaged<ResponseCollector>.fromOpaque(context).takeUnretainedValue()
    return take(collector, UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
}
