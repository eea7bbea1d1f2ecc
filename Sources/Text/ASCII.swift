extension UInt8 {
    package var isASCIILowercase: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    package var isASCIIUppercase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    package var isASCIILetter: Bool { isASCIILowercase || isASCIIUppercase }
    package var isASCIIAlphanumeric: Bool { isDigit || isASCIILetter }
    /// A digit, or a letter from A to F in either case.
    package var isHexadecimalDigit: Bool { isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }
    /// A blank or a tab.
    package var isASCIIBlank: Bool { self == .space || self == .tab }
    /// A blank, a tab or a part of a line end: the white space of JSON and XML.
    package var isASCIIBlankOrLineEnd: Bool { isASCIIBlank || self == .lineFeed || self == .carriageReturn }
    /// A character that prints, and no blank: from `!` to `~`.
    package var isVisibleASCII: Bool { self > .space && self < .delete }
    /// A control character of ASCII: below U+0020, or DEL.
    package var isASCIIControl: Bool { self < .space || self == .delete }
}

extension StringProtocol {
    /// Whether the text consists of visible ASCII characters, so that it can stand in a header.
    package var isVisibleASCII: Bool { utf8.allSatisfy(\.isVisibleASCII) }
    /// Whether the text has a control character of ASCII, such as a line end.
    package var hasASCIIControl: Bool { utf8.contains(where: \.isASCIIControl) }
}

extension Substring {
    /// Without the blanks and tabs around it.
    package var trimmingBlanks: String {
        let start = utf8.firstIndex { !$0.isASCIIBlank } ?? utf8.endIndex
        let end = utf8.lastIndex { !$0.isASCIIBlank }.map(utf8.index(after:)) ?? utf8.endIndex
        return start < end ? String(self[start..<end]) : ""
    }
}

extension String {
    /// Without the blanks and tabs around it.
    package var trimmingBlanks: String { self[...].trimmingBlanks }
}
