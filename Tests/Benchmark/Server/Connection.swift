import Glibc

/// A request as it came over the wire.
struct Request {
    let method: String
    /// Without the query.
    let path: String
    let query: String
    /// Names are lower case.
    let headers: [String: String]
    var body: [UInt8] = []

    /// Reads bytes: strings took longer than all the rest of an answer.
    ///
    /// - Parameter bytes: the head of the request, before the body.
    init?(head bytes: ArraySlice<UInt8>) {
        let lines = bytes.split(separator: 0x0a).map { $0.last == 0x0d ? $0.dropLast() : $0 }
        guard let words = lines.first?.split(separator: 0x20), words.count == 3 else { return nil }
        let target = words[1].split(separator: 0x3f, maxSplits: 1)
        method = String(decoding: words[0], as: UTF8.self)
        path = target.first.map { String(decoding: $0, as: UTF8.self) } ?? "/"
        query = target.count > 1 ? String(decoding: target[1], as: UTF8.self) : ""
        var headers: [String: String] = [:]
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: 0x3a) else { return nil }
            let name = line[..<colon].map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
            let value = line[(colon + 1)...].drop { $0 == 0x20 }
            headers[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        self.headers = headers
    }
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

    /// The next request; `nil` if the client closed the connection or sent something that is not HTTP.
    mutating func readRequest() -> Request? {
        var end = endOfHead
        while end == nil {
            guard readMore() else { return nil }
            end = endOfHead
        }
        guard let bodyStart = end, var request = Request(head: input[..<bodyStart]),
            let length = Int(request.headers["content-length"] ?? "0"), length >= 0
        else { return nil }
        if request.headers["expect"]?.lowercased() == "100-continue" {
            send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        while inputCount < bodyStart + length { guard readMore() else { return nil } }
        request.body = Array(input[bodyStart..<bodyStart + length])
        input.replaceSubrange(..<(bodyStart + length), with: [])
        inputCount -= bodyStart + length
        return request
    }

    /// The offset behind the blank line; `nil` if it has not arrived.
    private var endOfHead: Int? {
        var offset = 3
        while offset < inputCount {
            if input[offset] == 0x0a, input[offset - 1] == 0x0d, input[offset - 2] == 0x0a, input[offset - 3] == 0x0d {
                return offset + 1
            }
            offset += 1
        }
        return nil
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
