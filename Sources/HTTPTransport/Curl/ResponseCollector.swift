import Text

/// Collects an answer from the pieces that libcurl passes on, and stops the transfer when it exceeds a limit.
final class ResponseCollector {
    enum Overflow {
        case headers, body
    }

    /// The limit that the answer has exceeded.
    private(set) var overflow: Overflow?
    private let limits: HTTPLimits
    private var headerBytes = 0
    private var isInHead = true
    /// Whether the answer has the status of an error.
    private var isError = false
    /// Whether the rest of the body is not needed.
    private(set) var isCut = false
    /// Whether the server has answered with 100 before it answered.
    private(set) var hasContinue = false
    private var headers = HTTPHeaders()
    private var body: [UInt8] = []
    private var onBody: (@Sendable (Span<UInt8>) -> Bool)?

    init(limits: HTTPLimits, onBody: (@Sendable (Span<UInt8>) -> Bool)?) {
        self.limits = limits
        self.onBody = onBody
    }

    /// Takes a line with its line break: a status line, a field, the empty line, or a trailer after the body.
    ///
    /// - Returns: `false` to end the transfer.
    func take(headerLine line: UnsafeRawBufferPointer) -> Bool {
        // Interim answers and trailers count too, since a server could send them endlessly.
        headerBytes += line.count
        guard headerBytes <= limits.headerBytes else { return stop(.headers) }
        if body.isEmpty, line.starts(with: "HTTP/".utf8) {
            // A 1xx answer may come before the real one.
            headers = HTTPHeaders()
            isInHead = true
            let status = Self.status(in: line)
            isError = status.map { $0 >= 300 } ?? false
            if status == 100 { hasContinue = true }
        } else if isInHead {
            takeField(line)
        }
        return true
    }

    /// - Returns: `false` to end the transfer.
    func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        if isError { return take(errorBody: bytes) }
        if body.isEmpty, let length = headers["Content-Length"].flatMap({ Int($0) }), length > 0 {
            guard length <= limits.bodyBytes else { return stop(.body) }
            body.reserveCapacity(length)
        }
        guard bytes.count <= limits.bodyBytes - body.count else { return stop(.body) }
        body.append(contentsOf: bytes)
        if let observer = onBody, !observer(body.span) { onBody = nil }
        return true
    }

    private func take(errorBody bytes: UnsafeRawBufferPointer) -> Bool {
        body.append(contentsOf: bytes.prefix(limits.errorBodyBytes - body.count))
        isCut = body.count == limits.errorBodyBytes
        return !isCut
    }

    /// Whether any byte of the body has arrived.
    var hasBody: Bool { !body.isEmpty }

    /// The whole answer. Moves the body out, so call it once.
    func takeResponse(status: Int) -> HTTPResponse {
        defer { body = [] }
        return HTTPResponse(status: status, headers: headers, body: body)
    }

    /// The status in a line such as `HTTP/1.1 404 Not Found`.
    private static func status(in line: UnsafeRawBufferPointer) -> Int? {
        let digits = line.drop { $0 != .space }.drop { $0 == .space }.prefix(3)
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private func stop(_ reason: Overflow) -> Bool {
        overflow = reason
        return false
    }

    private func takeField(_ line: UnsafeRawBufferPointer) {
        guard let first = line.first, first != .carriageReturn, first != .lineFeed else {
            isInHead = false
            return
        }
        if first.isASCIIBlank {
            headers.extendLast(with: Self.text(line[...]))
        } else if let colon = line.firstIndex(of: .colon) {
            headers.append(Self.text(line[..<colon]), Self.text(line[(colon + 1)...]))
        }
    }

    /// Without the blanks and the line break around it.
    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        guard let first = bytes.firstIndex(where: { !$0.isASCIIBlankOrLineEnd }),
            let last = bytes.lastIndex(where: { !$0.isASCIIBlankOrLineEnd })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
