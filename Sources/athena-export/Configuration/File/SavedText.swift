import Text

/// Text as editors save it.
enum SavedText {
    /// The bytes without the byte order mark that some editors put before UTF-8.
    static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [UInt8].byteOrderMark) ? Array(bytes.dropFirst([UInt8].byteOrderMark.count)) : bytes
    }

    /// The text of UTF-8 bytes, without a byte order mark.
    ///
    /// - Returns: nil if the bytes are in another encoding.
    static func text(_ bytes: [UInt8]) -> String? {
        // UTF-16 without a mark is valid UTF-8 with U+0000 in it.
        guard !bytes.contains(0) else { return nil }
        return String(validating: withoutMark(bytes), as: UTF8.self)
    }

    /// Whether the bytes begin like UTF-16: with a mark, or an ASCII character in two bytes.
    static func isUTF16(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2 else { return false }
        let isMarked = bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
        return isMarked || (bytes[0] == 0) != (bytes[1] == 0)
    }
}
