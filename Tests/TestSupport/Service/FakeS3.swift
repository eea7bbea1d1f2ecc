import JSON
package import Loopback
import Threading

/// A fake S3 with one object, which is served in ranges and fails as a script says. Path style.
package final class FakeS3: Sendable {
    package static let location = "s3://results/exports/result.csv"
    /// The account that has the bucket.
    package static let owner = "111122223333"
    private static let path = "/results/exports/result.csv"

    /// A request that the server has seen.
    package struct Call: Sendable {
        /// In bytes; nil if the request did not ask for a part.
        package let range: Range<Int>?
        package let ifMatch: String?
        package let request: LoopbackServer.Request

        package var operation: String {
            switch request.method {
            case "HEAD": "HeadObject"
            case "DELETE": "DeleteObject"
            default: request.query.contains("list-type=2") ? "ListObjectsV2" : "GetObject"
            }
        }
    }

    private let state: Locked<State>
    private let script: FaultScript

    private struct State {
        /// By the path of a request.
        var objects: [String: Object]
        var region: String?
        var calls: [Call] = []
    }

    private struct Object {
        let content: [UInt8]
        var etag = "\"v1\""
    }

    /// - Parameters:
    ///   - region: of the bucket; nil if requests of every region are accepted.
    ///   - script: faults in the place of answers.
    package init(
        _ content: [UInt8], region: String? = nil, script: @escaping FaultScript = { _ in nil }
    ) {
        state = Locked(State(objects: [Self.path: Object(content: content)], region: region))
        self.script = script
    }

    package convenience init(
        _ result: FakeResult, region: String? = nil, script: @escaping FaultScript = { _ in nil }
    ) {
        self.init(result.csv, region: region, script: script)
    }

    package var calls: [Call] { state.withLock { $0.calls } }

    /// Replaces the object.
    package func replace(with content: [UInt8]) {
        put(content, at: Self.location, etag: "\"v2\"")
    }

    /// Puts an object in a place, which is `s3://bucket/key`.
    package func put(_ content: [UInt8], at location: String, etag: String = "\"v1\"") {
        state.withLock { $0.objects[Self.path(of: location)] = Object(content: content, etag: etag) }
    }

    package func remove(_ location: String) {
        state.withLock { $0.objects[Self.path(of: location)] = nil }
    }

    /// The places of all objects whose place begins with this.
    package func objects(below location: String) -> [String] {
        let path = Self.path(of: location)
        return state.withLock { $0.objects.keys.filter { $0.hasPrefix(path) }.map { "s3:/\($0)" } }.sorted()
    }

    package func content(of location: String) -> [UInt8]? {
        state.withLock { $0.objects[Self.path(of: location)]?.content }
    }

    private static func path(of location: String) -> String { String(location.dropFirst(4)) }

    /// Serves while the body runs, and gives it the address.
    @discardableResult
    package func serve<Result: Sendable>(_ body: (String) async throws -> Result) async throws -> Result {
        let server = try LoopbackServer.answering { [self] request in try await answer(request) }
        do {
            let result = try await body(server.address)
            server.stop()
            return result
        } catch {
            server.stop()
            throw error
        }
    }

    func answer(_ request: LoopbackServer.Request) async throws -> LoopbackServer.Answer {
        let call = Call(range: Self.range(request), ifMatch: request.header("If-Match"), request: request)
        let number = state.withLock { state in
            state.calls.append(call)
            return state.calls.count
        }
        switch script(PendingCall(number: number, operation: call.operation, operationNumber: number)) {
        case .respond(let status, let body, let headers)?:
            return LoopbackServer.Answer(status: status, headers: headers, body: Array(body.utf8))
        case .before(let action)?: action()
        case .delay(let duration)?: try await Task.sleep(for: duration)
        case .alter(let change)?:
            var answer = respond(to: call)
            change(&answer)
            return answer
        case nil: break
        }
        return respond(to: call)
    }

    private func respond(to call: Call) -> LoopbackServer.Answer {
        let (object, region) = state.withLock { ($0.objects[call.request.path], $0.region) }
        if let region, call.request.header("Authorization")?.contains("/\(region)/s3/aws4_request") != true {
            return Self.error("PermanentRedirect", "another endpoint", status: 301, ["x-amz-bucket-region": region])
        }
        guard [nil, Self.owner].contains(call.request.header("x-amz-expected-bucket-owner")) else {
            return Self.error("AccessDenied", "Access Denied", status: 403)
        }
        if call.request.method == "DELETE" {
            state.withLock { $0.objects[call.request.path] = nil }
            return LoopbackServer.Answer(status: 204)
        }
        if call.operation == "ListObjectsV2" { return list(call.request) }
        guard ["GET", "HEAD"].contains(call.request.method), let object else {
            let error = Self.error("NoSuchKey", "The specified key does not exist.", status: 404)
            return call.request.method == "HEAD" ? LoopbackServer.Answer(status: 404) : error
        }
        let (content, etag) = (object.content, object.etag)
        if call.request.method == "HEAD" {
            return LoopbackServer.Answer(
                status: 200, headers: ["ETag": etag, "Content-Length": String(content.count)])
        }
        if let ifMatch = call.ifMatch, ifMatch != etag {
            return Self.error("PreconditionFailed", "At least one of the pre-conditions failed", status: 412)
        }
        guard let range = call.range else { return LoopbackServer.Answer(status: 200, body: content) }
        guard range.lowerBound < content.count else {
            return Self.error("InvalidRange", "The requested range is not satisfiable", status: 416)
        }
        let part = range.clamped(to: 0..<content.count)
        return LoopbackServer.Answer(
            status: 206,
            headers: [
                "ETag": etag, "Content-Type": "binary/octet-stream",
                "Content-Range": "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(content.count)",
            ], body: Array(content[part]))
    }

    /// All objects that begin with the request's prefix, in one page.
    private func list(_ request: LoopbackServer.Request) -> LoopbackServer.Answer {
        let parameter = request.query.split(separator: "&").first { $0.hasPrefix("prefix=") }?.dropFirst(7) ?? ""
        let prefix = parameter.replacing("%2F", with: "/")
        let bucket = "s3:/\(request.path)/"
        let contents = objects(below: bucket + prefix).map { place in
            "<Contents><Key>\(place.dropFirst(bucket.count))</Key><ETag>&quot;v1&quot;</ETag>"
                + "<Size>\(content(of: place)?.count ?? 0)</Size></Contents>"
        }
        return LoopbackServer.Answer(
            status: 200,
            body: Array(
                ("<ListBucketResult><Prefix>\(parameter)</Prefix><IsTruncated>false</IsTruncated>"
                    + "\(contents.joined())</ListBucketResult>").utf8))
    }

    private static func range(_ request: LoopbackServer.Request) -> Range<Int>? {
        guard let text = request.header("Range"), text.hasPrefix("bytes=") else { return nil }
        let ends = text.dropFirst(6).split(separator: "-").compactMap { Int($0) }
        return ends.count == 2 && ends[0] <= ends[1] ? ends[0]..<ends[1] + 1 : nil
    }

    /// An error as S3 writes it.
    static func error(
        _ code: String, _ message: String, status: Int, _ headers: [String: String] = [:]
    ) -> LoopbackServer.Answer {
        LoopbackServer.Answer(
            status: status, headers: headers.merging(["x-amz-request-id": "S3REQUEST"]) { $1 },
            body: Array(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <Error><Code>\(code)</Code><Message>\(message)</Message><RequestId>S3REQUEST</RequestId></Error>
                """.utf8))
    }
}

extension Fault {
    /// An error as S3 writes it.
    package static func s3Error(_ code: String, _ message: String = "no", status: Int) -> Fault {
        let answer = FakeS3.error(code, message, status: status)
        return .respond(status: status, body: String(decoding: answer.body, as: UTF8.self), headers: answer.headers)
    }
}

extension FakeResult {
    /// The result object: every value in quotes, quotes doubled, nothing for NULL.
    package var csv: [UInt8] {
        var text: [UInt8] = []
        for values in [columns.map { Optional($0.name) }] + (0..<rowCount).map(row) {
            for (column, value) in values.enumerated() {
                if column > 0 { text.append(0x2c) }
                guard let value else { continue }
                text.append(0x22)
                for byte in value.utf8 { text += byte == 0x22 ? [byte, byte] : [byte] }
                text.append(0x22)
            }
            text.append(0x0a)
        }
        return text
    }

    /// The result and the place of its object.
    package var inS3: FakeResult {
        var result = self
        result.outputLocation = FakeS3.location
        return result
    }
}
