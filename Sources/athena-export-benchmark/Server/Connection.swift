import Glibc

/// A request as it came over the wire.
struct Request {
    let method: String
    /// Without the query.
    let path: String
    let query: String
    /// Names are lower case.
    let headers: [String: String]
    let body: [UInt8]
}

/// The server's end of a connection, for the thread that serves it.
struct Connection {
    private let descriptor: Int32
    private var input: [UInt8] = []
    private var inputCount = 0

    /// For the bodies of answers: one allocation for all of them.
    var output: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        input = [UInt8](repeating: 0, count: 16 << 10)
    }

    /// `nil` when the client hung up, or said something that is not HTTP.
    mutating func readRequest() -> Request? {
        var bodyStart: Int?
        while bodyStart == nil {
            bodyStart = input[..<inputCount].firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
            if bodyStart == nil, !readMore() { return nil }
        }
        guard let bodyStart else { return nil }
        let lines = String(decoding: input[..<bodyStart], as: UTF8.self).split(separator: "\r\n")
        guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        guard let length = Int(headers["content-length"] ?? "0"), length >= 0 else { return nil }
        if headers["expect"]?.lowercased() == "100-continue" { send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        while inputCount < bodyStart + length { guard readMore() else { return nil } }
        let body = Array(input[bodyStart..<bodyStart + length])
        input.replaceSubrange(..<(bodyStart + length), with: [])
        inputCount -= bodyStart + length
        let target = words[1].split(separator: "?", maxSplits: 1)
        return Request(
            method: String(words[0]), path: target.first.map { String($0) } ?? "/",
            query: target.count > 1 ? String(target[1]) : "", headers: headers, body: body)
    }

    /// - Returns: false when the client is gone.
    @discardableResult
    func send(_ bytes: [UInt8], moreFollows: Bool = false) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
                let count = Glibc.send(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, flags)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// - Returns: false when the client is gone.
    func send(_ object: ObjectFile, _ range: Range<Int>) -> Bool { object.send(range, to: descriptor) }

    private mutating func readMore() -> Bool {
        if input.count - inputCount < 4096 {
            input.append(contentsOf: repeatElement(0, count: max(16 << 10, input.count)))
        }
        let count = input.withUnsafeMutableBytes { buffer in
            recv(descriptor, buffer.baseAddress.map { $0 + inputCount }, buffer.count - inputCount, 0)
        }
        guard count > 0 else { return false }
        inputCount += count
        return true
    }
}
