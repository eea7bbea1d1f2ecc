import Digest
import Foundation
import JSON
package import Loopback
import Threading

/// An S3 of our own that keeps objects, and refuses what the real one would: a body with another checksum, a write whose
/// condition does not hold, another account's bucket. Path style.
///
/// It also refuses what an upload must not do: a write without a condition, and a manifest that is ahead of its files.
package final class StrictS3: Sendable {
    package static let bucket = "exports"
    /// The account that has the bucket.
    package static let owner = "111122223333"

    package struct Object: Sendable, Equatable {
        package let bytes: [UInt8]
        /// In Base64, as it was sent; nil for an object that another tool has put there.
        package let checksum: String?
        package let etag: String
        package let headers: [String: String]
    }

    /// A call that was answered.
    package struct Call: Sendable, Equatable {
        package let operation: String
        package let key: String
        package let status: Int
    }

    private struct State {
        var objects: [String: Object] = [:]
        var calls: [Call] = []
        var begun: [String] = []
        var version = 0
        var badSignatures = 0
        var violations: [String] = []
    }

    private let state = Locked(State())
    private let listLimit: Int
    private let isSigned: @Sendable (LoopbackServer.Request) -> Bool
    private let script: FaultScript

    /// - Parameters:
    ///   - listLimit: objects on a page of a list.
    ///   - isSigned: whether a request is signed as it should be; a request that is not is refused.
    ///   - script: what to do instead of answering.
    package init(
        listLimit: Int = 3, isSigned: @escaping @Sendable (LoopbackServer.Request) -> Bool = { _ in true },
        script: @escaping FaultScript = { _ in nil }
    ) {
        self.listLimit = listLimit
        self.isSigned = isSigned
        self.script = script
    }

    package var objects: [String: Object] { state.withLock { $0.objects } }
    package var calls: [Call] { state.withLock { $0.calls } }
    package var badSignatures: Int { state.withLock { $0.badSignatures } }
    /// What was done that no upload may do; empty if all is well.
    package var violations: [String] { state.withLock { $0.violations } }

    /// Keys of calls of an operation that succeeded, in order.
    package func keys(_ operation: String) -> [String] {
        calls.filter { $0.operation == operation && $0.status < 300 }.map(\.key)
    }

    /// Puts an object there as another tool would.
    package func place(_ key: String, _ bytes: [UInt8]) {
        state.withLock { state in
            state.version += 1
            state.objects[key] = Object(bytes: bytes, checksum: nil, etag: "\"v\(state.version)\"", headers: [:])
        }
    }

    package func remove(_ key: String) { state.withLock { $0.objects[key] = nil } }
    package func forgetCalls() {
        state.withLock {
            $0.calls = []
            $0.begun = []
        }
    }

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

    package func answer(_ request: LoopbackServer.Request) async throws -> LoopbackServer.Answer {
        let operation = Self.operation(request)
        let key = Self.key(request)
        let call = state.withLock { state in
            state.begun.append(operation)
            return PendingCall(
                number: state.begun.count, operation: operation,
                operationNumber: state.begun.count { $0 == operation })
        }
        var answer: LoopbackServer.Answer
        switch script(call) {
        case .respond(let status, let body, let headers)?:
            answer = LoopbackServer.Answer(status: status, headers: headers, body: Array(body.utf8))
        case .before(let action)?:
            action()
            answer = respond(to: request, operation, key)
        case .delay(let duration)?:
            try await Task.sleep(for: duration)
            answer = respond(to: request, operation, key)
        case .alter(let change)?:
            answer = respond(to: request, operation, key)
            change(&answer)
        case nil: answer = respond(to: request, operation, key)
        }
        let status = answer.status
        state.withLock { $0.calls.append(Call(operation: operation, key: key, status: status)) }
        if operation == "HeadObject" { answer.body = [] }
        return answer
    }

    private static func operation(_ request: LoopbackServer.Request) -> String {
        switch request.method {
        case "GET": request.query.contains("list-type=2") ? "ListObjectsV2" : "GetObject"
        case "HEAD": "HeadObject"
        case "PUT": "PutObject"
        case "DELETE": "DeleteObject"
        default: request.method
        }
    }

    private static func key(_ request: LoopbackServer.Request) -> String {
        let path = request.path.removingPercentEncoding ?? request.path
        return String(path.dropFirst("/\(bucket)/".count))
    }
}

// MARK: - What it answers

extension StrictS3 {
    private func respond(
        to request: LoopbackServer.Request, _ operation: String, _ key: String
    ) -> LoopbackServer.Answer {
        guard isSigned(request) else {
            state.withLock { $0.badSignatures += 1 }
            return FakeS3.error("SignatureDoesNotMatch", "The request signature does not match", status: 403)
        }
        guard [nil, Self.owner].contains(request.header("x-amz-expected-bucket-owner")) else {
            return FakeS3.error("AccessDenied", "Access Denied", status: 403)
        }
        guard request.path == "/\(Self.bucket)" || request.path.hasPrefix("/\(Self.bucket)/") else {
            return FakeS3.error("NoSuchBucket", "The specified bucket does not exist", status: 404)
        }
        return state.withLock { state in
            switch operation {
            case "PutObject": return put(request, key, &state)
            case "ListObjectsV2": return list(request, state)
            case "DeleteObject":
                state.objects[key] = nil
                return LoopbackServer.Answer(status: 204)
            default:
                guard let object = state.objects[key] else {
                    return FakeS3.error("NoSuchKey", "The specified key does not exist.", status: 404)
                }
                return operation == "HeadObject" ? head(object) : part(of: object, request)
            }
        }
    }

    private func put(_ request: LoopbackServer.Request, _ key: String, _ state: inout State) -> LoopbackServer.Answer {
        let digest = SHA256.hash(request.body)
        let checksum = Data(digest).base64EncodedString()
        guard request.header("x-amz-content-sha256") == digest.hexadecimal else {
            return FakeS3.error("XAmzContentSHA256Mismatch", "The provided digest is another", status: 400)
        }
        guard request.header("x-amz-checksum-sha256") == checksum else {
            return FakeS3.error("BadDigest", "The SHA256 you specified did not match", status: 400)
        }
        let current = state.objects[key]
        if request.header("If-None-Match") == "*" {
            if current != nil { return Self.preconditionFailed }
        } else if let etag = request.header("If-Match") {
            guard let current else { return FakeS3.error("NoSuchKey", "no such key", status: 404) }
            guard current.etag == etag else { return Self.preconditionFailed }
        } else {
            state.violations.append("\(key) was written without a condition")
        }
        if key.hasSuffix("manifest.json") { noteFilesMissing(request.body, key, &state) }
        state.version += 1
        let headers = Dictionary(request.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        state.objects[key] = Object(
            bytes: request.body, checksum: checksum, etag: "\"v\(state.version)\"", headers: headers)
        return LoopbackServer.Answer(
            status: 200, headers: ["ETag": "\"v\(state.version)\"", "x-amz-checksum-sha256": checksum])
    }

    private func noteFilesMissing(_ manifest: [UInt8], _ key: String, _ state: inout State) {
        let prefix = key.dropLast("manifest.json".count)
        do {
            let root = JSONField(try JSONValue(parsing: manifest))
            for member in ["batches", "deletes"] {
                for file in try root.optionalMember(member)?.elements() ?? [] {
                    let path = try file.member("path").string()
                    let digest = state.objects[prefix + path].map { SHA256.hash($0.bytes).hexadecimal }
                    if digest != (try file.member("sha256").string()) {
                        state.violations.append("\(key) lists \(path), which is not there")
                    }
                }
            }
        } catch {
            state.violations.append("\(key) is no manifest: \(error)")
        }
    }

    private func head(_ object: Object) -> LoopbackServer.Answer {
        var headers = ["ETag": object.etag]
        headers["x-amz-checksum-sha256"] = object.checksum
        return LoopbackServer.Answer(status: 200, headers: headers)
    }

    private func part(of object: Object, _ request: LoopbackServer.Request) -> LoopbackServer.Answer {
        guard let text = request.header("Range"), let range = Self.range(text), range.lowerBound < object.bytes.count
        else { return FakeS3.error("InvalidRange", "The requested range is not satisfiable", status: 416) }
        if let etag = request.header("If-Match"), etag != object.etag { return Self.preconditionFailed }
        let part = range.clamped(to: 0..<object.bytes.count)
        return LoopbackServer.Answer(
            status: 206,
            headers: [
                "ETag": object.etag,
                "Content-Range": "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(object.bytes.count)",
            ], body: Array(object.bytes[part]))
    }

    private static func range(_ text: String) -> Range<Int>? {
        let ends = text.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
        return ends.count == 2 && ends[0] <= ends[1] ? ends[0]..<ends[1] + 1 : nil
    }

    private func list(_ request: LoopbackServer.Request, _ state: State) -> LoopbackServer.Answer {
        var values: [String: String] = [:]
        for pair in request.query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[String(parts[0])] = parts.count > 1 ? String(parts[1]).removingPercentEncoding : nil
        }
        let prefix = values["prefix"] ?? ""
        let after = values["continuation-token"] ?? ""
        let keys = state.objects.keys.filter { $0.utf8.starts(with: prefix.utf8) && $0 > after }.sorted()
        let page = keys.prefix(listLimit)
        let entries = page.map { key in
            """
            <Contents><Key>\(Self.encoded(key))</Key><LastModified>2026-11-29T00:00:00.000Z</LastModified>\
            <ETag>\(state.objects[key]?.etag.replacingOccurrences(of: "\"", with: "&quot;") ?? "")</ETag>\
            <Size>\(state.objects[key]?.bytes.count ?? 0)</Size></Contents>
            """
        }
        let next = page.count < keys.count ? "<NextContinuationToken>\(page.last ?? "")</NextContinuationToken>" : ""
        return LoopbackServer.Answer(
            status: 200,
            body: Array(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>\(Self.bucket)</Name>\
                <IsTruncated>\(page.count < keys.count)</IsTruncated>\(entries.joined())\(next)</ListBucketResult>
                """.utf8))
    }

    /// As S3 encodes a key where `encoding-type=url` is asked for.
    private static func encoded(_ key: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~/")
        let text = key.addingPercentEncoding(withAllowedCharacters: allowed) ?? key
        return text.replacingOccurrences(of: "%20", with: "+")
    }

    private static var preconditionFailed: LoopbackServer.Answer {
        FakeS3.error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", status: 412)
    }
}
