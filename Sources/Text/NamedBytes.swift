/// Bytes with a meaning in JSON, CSV and other texts, so that parsers and encoders need no hexadecimal numbers.
extension UInt8 {
    @inlinable package static var quote: UInt8 { 0x22 }
    @inlinable package static var comma: UInt8 { 0x2c }
    @inlinable package static var colon: UInt8 { 0x3a }
    @inlinable package static var openBrace: UInt8 { 0x7b }
    @inlinable package static var closeBrace: UInt8 { 0x7d }
    @inlinable package static var openBracket: UInt8 { 0x5b }
    @inlinable package static var closeBracket: UInt8 { 0x5d }
    @inlinable package static var backslash: UInt8 { 0x5c }
    @inlinable package static var space: UInt8 { 0x20 }
    @inlinable package static var tab: UInt8 { 0x09 }
    @inlinable package static var backspace: UInt8 { 0x08 }
    @inlinable package static var formFeed: UInt8 { 0x0c }
    @inlinable package static var lineFeed: UInt8 { 0x0a }
    @inlinable package static var carriageReturn: UInt8 { 0x0d }
    @inlinable package static var minus: UInt8 { 0x2d }
    @inlinable package static var point: UInt8 { 0x2e }
    @inlinable package static var underscore: UInt8 { 0x5f }
    @inlinable package static var delete: UInt8 { 0x7f }

    /// Whether this is an ASCII digit.
    @inlinable package var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}

extension [UInt8] {
    /// U+FEFF in UTF-8, which some editors put at the beginning of a file.
    package static var byteOrderMark: [UInt8] { [0xef, 0xbb, 0xbf] }
}
