extension LoopbackServer {
    /// A request as it came over the wire.
    package struct Request: Sendable {
        package let method: String
        /// Percent-encoded, as it came, without the query.
        package let path: String
        /// Percent-encoded, without the `?`; empty if there is none.
        package let query: String
        /// In their order, with the names as they came.
        package let headers: [(name: String, value: String)]
        package var body: [UInt8]
        /// Of the server.
        package let port: Int

        package init(
            method: String, path: String, query: String = "", headers: [(name: String, value: String)], body: [UInt8],
            port: Int
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.body = body
            self.port = port
        }

        /// Path and query.
        package var target: String { query.isEmpty ? path : "\(path)?\(query)" }

        /// The first header of that name, in whatever case.
        package func header(_ name: String) -> String? {
            let (count, name) = (name.utf8.count, name.lowercased())
            return headers.first { $0.name.utf8.count == count && $0.name.lowercased() == name }?.value
        }
    }
}

extension LoopbackServer.Request {
    /// Splits bytes, not strings: strings took longer than all the rest of an answer of the benchmark.
    ///
    /// - Parameter bytes: the head of the request, before the body.
    init?(head bytes: ArraySlice<UInt8>, port: Int) {
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map {
            $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0
        }
        guard let words = lines.first?.split(separator: UInt8(ascii: " ")), words.count == 3 else { return nil }
        let target = words[1]
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(lines.count)
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
            headers.append((String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        self.init(
            method: String(decoding: words[0], as: UTF8.self), path: String(decoding: target[..<mark], as: UTF8.self),
            query: String(decoding: target[mark...].dropFirst(), as: UTF8.self), headers: headers, body: [], port: port)
    }
}
