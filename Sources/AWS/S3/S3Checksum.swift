import Digest
import Text

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A SHA-256 in the two forms that S3 wants to see: hexadecimal in signatures, Base64 as the checksum of an object.
struct S3Checksum: Equatable {
    static let header = "x-amz-checksum-sha256"

    private let bytes: [UInt8]

    /// - Returns: nil for anything but 64 hexadecimal digits.
    init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 64, digits.allSatisfy(\.isHexadecimalDigit) else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    /// - Returns: nil for anything but 32 bytes. That of an object in several parts has a number behind it, and is no
    ///   digest of the object.
    init?(base64 text: String) {
        guard let data = Data(base64Encoded: text), data.count == 32 else { return nil }
        bytes = Array(data)
    }

    var hexadecimal: String { bytes.hexadecimal }
    var base64: String { Data(bytes).base64EncodedString() }
}
