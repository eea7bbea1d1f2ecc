import Loopback

/// The object's REST interface, path style: HEAD, GET with one range, and the listing that some file systems request.
extension Service {
    /// Bytes that are made and sent at a time.
    private static let chunkBytes = 256 << 10

    private var entityTag: String { "\"\(result.table.rawValue)-\(result.rowCount)\"" }

    func answerS3(_ request: LoopbackServer.Request, on connection: ServerConnection) -> Bool {
        let parts = request.path.split(separator: "/", maxSplits: 1)
        guard request.method == "HEAD" || request.method == "GET" else {
            return refuse("405 Method Not Allowed", "MethodNotAllowed", request, on: connection)
        }
        guard parts.count == 2 else { return answerBucket(request, on: connection) }
        guard parts[1].hasSuffix(".csv") else {
            return refuse("404 Not Found", "NoSuchKey", request, on: connection)
        }
        if let wanted = request.header("if-match"), wanted != entityTag {
            return refuse(
                "412 Precondition Failed", "PreconditionFailed", request, on: connection)
        }
        var headers = [
            "Content-Type: binary/octet-stream", "ETag: \(entityTag)", "Accept-Ranges: bytes",
            "Last-Modified: Mon, 05 Oct 2026 10:00:00 GMT", "x-amz-request-id: 0000000000000000",
        ]
        let size = result.csvBytes
        guard let text = request.header("range") else {
            return sendObject(0..<size, "200 OK", headers, request, on: connection)
        }
        guard let range = Self.range(text, size: size) else {
            return refuse("416 Requested Range Not Satisfiable", "InvalidRange", request, on: connection)
        }
        headers.append("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
        return sendObject(range, "206 Partial Content", headers, request, on: connection)
    }

    private func sendObject(
        _ range: Range<Int>, _ status: String, _ headers: [String], _ request: LoopbackServer.Request,
        on connection: ServerConnection
    ) -> Bool {
        let hasBody = request.method == "GET"
        guard connection.sendHead(status, headers, length: range.count, moreFollows: hasBody) else { return false }
        guard hasBody else { return true }
        if let object { return object.send(range, to: connection.descriptor) }
        var chunk = connection.output
        connection.output = []
        defer { connection.output = chunk }
        var offset = range.lowerBound
        while offset < range.upperBound {
            chunk.removeAll(keepingCapacity: true)
            result.appendCSV(from: offset, maximum: min(Self.chunkBytes, range.upperBound - offset), to: &chunk)
            guard connection.write(chunk) else { return false }
            offset += chunk.count
        }
        return true
    }

    /// `bytes=a-b`, `bytes=a-` or `bytes=-n`, cut to the object.
    private static func range(_ text: String, size: Int) -> Range<Int>? {
        guard text.hasPrefix("bytes=") else { return nil }
        let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        let range: (first: Int, last: Int)
        switch (Int(ends[0]), Int(ends[1])) {
        case (let first?, let last): range = (first, min(last ?? size, size - 1))
        case (nil, let count?): range = (max(0, size - count), size - 1)
        case (nil, nil): return nil
        }
        return range.first <= range.last ? range.first..<range.last + 1 : nil
    }

    /// HeadBucket, or ListObjectsV2 of one object with the prefix as its key.
    private func answerBucket(_ request: LoopbackServer.Request, on connection: ServerConnection) -> Bool {
        let prefix = request.query.split(separator: "&").first { $0.hasPrefix("prefix=") }?.dropFirst(7)
        let key = prefix.map { String($0).replacing("%2F", with: "/") } ?? ""
        var contents = ""
        if key.hasSuffix(".csv") {
            contents =
                "<KeyCount>1</KeyCount><Contents><Key>\(key)</Key><LastModified>2026-10-05T10:00:00.000Z</LastModified>"
                + "<ETag>\(entityTag.replacing("\"", with: "&quot;"))</ETag><Size>\(result.csvBytes)</Size>"
                + "<StorageClass>STANDARD</StorageClass></Contents>"
        }
        let listing =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult>"
            + "<Prefix>\(key)</Prefix><IsTruncated>false</IsTruncated>\(contents)</ListBucketResult>"
        let body = request.method == "HEAD" ? [] : Array(listing.utf8)
        return connection.answer("200 OK", ["Content-Type: application/xml"], body: body)
    }

    private func refuse(
        _ status: String, _ code: String, _ request: LoopbackServer.Request, on connection: ServerConnection
    ) -> Bool {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>\(code)</Code></Error>"
        return connection.answer(
            status, ["Content-Type: application/xml"], body: request.method == "HEAD" ? [] : Array(body.utf8))
    }
}
