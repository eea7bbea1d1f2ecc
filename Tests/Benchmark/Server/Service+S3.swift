import Loopback

/// The object's REST interface, path style: HEAD, GET with one range, and the listing that some file systems request.
extension Service {
    /// Bytes that are made and sent at a time.
    private static let chunkBytes = 256 << 10

    func answerS3(_ request: LoopbackServer.Request, on connection: ServerConnection) -> Bool {
        let parts = request.path.split(separator: "/", maxSplits: 1)
        guard ["HEAD", "GET", "DELETE"].contains(request.method) else {
            return refuse("405 Method Not Allowed", "MethodNotAllowed", request, on: connection)
        }
        guard parts.count == 2 else { return answerBucket(request, on: connection) }
        let key = String(parts[1])
        if request.method == "DELETE" {
            unloaded.remove(key)
            return connection.answer("204 No Content", [], body: [])
        }
        do {
            guard let object = try object(at: key) else {
                return refuse("404 Not Found", "NoSuchKey", request, on: connection)
            }
            return answer(object, request, on: connection)
        } catch {
            return refuse("500 Internal Server Error", "InternalError", request, on: connection)
        }
    }

    private func answer(
        _ object: ServedObject, _ request: LoopbackServer.Request, on connection: ServerConnection
    ) -> Bool {
        if let wanted = request.header("if-match"), wanted != object.entityTag {
            return refuse("412 Precondition Failed", "PreconditionFailed", request, on: connection)
        }
        var headers = [
            "Content-Type: binary/octet-stream", "ETag: \(object.entityTag)", "Accept-Ranges: bytes",
            "Last-Modified: Mon, 05 Oct 2026 10:00:00 GMT", "x-amz-request-id: 0000000000000000",
        ]
        guard let text = request.header("range") else {
            return send(object, 0..<object.size, "200 OK", headers, request, on: connection)
        }
        guard let range = Self.range(text, size: object.size) else {
            return refuse("416 Requested Range Not Satisfiable", "InvalidRange", request, on: connection)
        }
        headers.append("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.size)")
        return send(object, range, "206 Partial Content", headers, request, on: connection)
    }

    private func send(
        _ object: ServedObject, _ range: Range<Int>, _ status: String, _ headers: [String],
        _ request: LoopbackServer.Request, on connection: ServerConnection
    ) -> Bool {
        let hasBody = request.method == "GET"
        guard connection.sendHead(status, headers, length: range.count, moreFollows: hasBody) else { return false }
        guard hasBody else { return true }
        switch object.content {
        case .kept(let file): return file.send(range, to: connection.descriptor)
        case .bytes(let bytes): return connection.write(Array(bytes[range]))
        case .made(let result): return send(result, range, on: connection)
        }
    }

    private func send(_ result: GeneratedResult, _ range: Range<Int>, on connection: ServerConnection) -> Bool {
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

    /// HeadBucket, or ListObjectsV2 with the key of an object, or the target of an UNLOAD, as its prefix.
    private func answerBucket(_ request: LoopbackServer.Request, on connection: ServerConnection) -> Bool {
        let prefix = request.query.split(separator: "&").first { $0.hasPrefix("prefix=") }?.dropFirst(7)
        let key = prefix.map { String($0).replacing("%2F", with: "/") } ?? ""
        let keys = key.hasSuffix("/") ? unloaded.places(below: key) : [key]
        var contents = ""
        var count = 0
        for key in keys {
            guard let object = try? object(at: key) else { continue }
            count += 1
            contents +=
                "<Contents><Key>\(key)</Key><LastModified>2026-10-05T10:00:00.000Z</LastModified>"
                + "<ETag>\(object.entityTag.replacing("\"", with: "&quot;"))</ETag><Size>\(object.size)</Size>"
                + "<StorageClass>STANDARD</StorageClass></Contents>"
        }
        let listing =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Prefix>\(key)</Prefix>"
            + "<IsTruncated>false</IsTruncated><KeyCount>\(count)</KeyCount>\(contents)</ListBucketResult>"
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
