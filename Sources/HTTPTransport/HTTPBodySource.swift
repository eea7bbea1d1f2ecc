/// A request's body that the transport reads while it sends it: a file, as a rule, which is then never in memory as a
/// whole.
///
/// A request can be sent again with the same source, since each read says where it begins.
package struct HTTPBodySource: Sendable {
    /// Returns bytes from an offset on: at most `count` of them, and none only at the end.
    package typealias Read = @Sendable (_ offset: Int, _ count: Int) throws -> [UInt8]

    /// In bytes.
    package let length: Int
    private let read: Read

    /// - Parameters:
    ///   - length: in bytes. What the source has beyond it is not sent.
    ///   - read: runs on the transport's own thread, which all its transfers share: for files, not for networks.
    package init(length: Int, read: @escaping Read) {
        self.length = length
        self.read = read
    }

    /// Reads a part, as a transport does.
    ///
    /// - Returns: at most `count` bytes; none only at the end.
    package func bytes(at offset: Int, upTo count: Int) throws -> [UInt8] {
        try read(offset, count)
    }

    /// Bytes in memory.
    package init(_ bytes: [UInt8]) {
        self.init(length: bytes.count) { offset, count in Array(bytes[offset..<min(offset + count, bytes.count)]) }
    }
}
