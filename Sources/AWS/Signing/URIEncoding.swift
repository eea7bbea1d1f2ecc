import Text

/// Percent-encoding as AWS signs it: everything but RFC 3986's unreserved characters, in upper-case hexadecimal.
package enum URIEncoding {
    /// Encodes a query's name or value, or one segment of a path.
    package static func encode(_ text: String) -> String {
        encode(text.utf8) { isUnreserved($0) }
    }

    /// Encodes a path but not its slashes: an S3 key becomes the path of its object.
    package static func encodePath(_ text: String) -> String {
        encode(text.utf8) { isUnreserved($0) || $0 == UInt8(ascii: "/") }
    }

    /// Decodes what S3 encodes in lists: percent signs, and `+` for a blank.
    ///
    /// - Returns: nil if that is no UTF-8, or a percent sign has not two hexadecimal digits after it.
    static func decodeForm(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy(\.isHexadecimalDigit),
                    let value = UInt8(Substring(digits), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || "-._~".utf8.contains(byte)
    }

    private static func encode(_ text: String.UTF8View, keeping isKept: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        for byte in text {
            if isKept(byte) {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
