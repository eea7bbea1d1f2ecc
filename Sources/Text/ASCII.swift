extension UInt8 {
    package var isASCIILowercase: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    package var isASCIIUppercase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    package var isASCIIAlphanumeric: Bool { isDigit || isASCIILowercase || isASCIIUppercase }
    /// A blank or a tab.
    package var isASCIIBlank: Bool { self == .space || self == .tab }
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
