import HTTPTransport
import Text

/// Some bytes of an object, with the version of the object.
package struct S3ObjectRange: Sendable {
    /// The offset of the first byte in the object.
    package let offset: Int
    /// The requested bytes; fewer if the connection broke off or the object ends; never empty.
    package let bytes: [UInt8]
    /// The size of the whole object.
    package let objectSize: Int
    /// The ETag of this version of the object, quotes included. It is no digest.
    package let etag: String

    package var end: Int { offset + bytes.count }

    package init(offset: Int, bytes: [UInt8], objectSize: Int, etag: String) {
        self.offset = offset
        self.bytes = bytes
        self.objectSize = objectSize
        self.etag = etag
    }

    /// A broken answer is kept if it has this size, or more than half of the request. Else the request is repeated after a
    /// wait, like a lost one.
    private static let leastProgress = 64 << 10

    /// Reads a 206 and compares it with the request.
    init(_ response: HTTPResponse, asked: Range<Int>) throws(AWSError) {
        func fault(_ problem: String) -> AWSError { .untrustedAnswer(operation: "GetObject", problem: problem) }
        guard response.status == 206 else {
            throw fault("the request was for a part of the object, but the answer is HTTP \(response.status)")
        }
        guard let text = response.headers["Content-Range"], let range = ContentRange(text) else {
            throw fault("the answer does not say which part of the object it is")
        }
        guard range.bytes.lowerBound == asked.lowerBound, range.bytes.upperBound <= asked.upperBound,
            range.bytes.upperBound == min(asked.upperBound, range.size) || range.bytes.upperBound < range.size
        else {
            throw fault(
                "bytes \(asked.lowerBound) to \(asked.upperBound - 1) were requested, but \"\(text.shown(limit: 100))\" came"
            )
        }
        guard let etag = response.etag else {
            throw fault("the answer has no ETag, so versions of the object cannot be distinguished")
        }
        let isWhole = response.body.count == range.bytes.count
        guard isWhole || response.body.count >= min(Self.leastProgress, range.bytes.count / 2 + 1),
            !response.body.isEmpty, response.body.count <= range.bytes.count
        else { throw fault("the body has \(response.body.count) bytes instead of \(range.bytes.count)") }
        self.init(offset: asked.lowerBound, bytes: response.body, objectSize: range.size, etag: etag)
    }
}

/// `bytes 0-9/100`
struct ContentRange: Equatable {
    let bytes: Range<Int>
    let size: Int

    /// - Returns: nil for anything but a part of an object whose size is known.
    init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
            let size = Self.number(parts[1]), first <= last, last < size
        else { return nil }
        bytes = first..<last + 1
        self.size = size
    }

    /// Digits alone, because Int accepts "+1" as well. An object has 5 TB at most; this leaves room and no overflow.
    private static func number(_ text: Substring) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(text)
    }
}
