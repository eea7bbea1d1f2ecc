extension UInt8 {
    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isASCIILowercase: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    var isASCIIUppercase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    var isASCIIAlphanumeric: Bool { isASCIIDigit || isASCIILowercase || isASCIIUppercase }
    /// A blank or a tab.
    var isASCIIBlank: Bool { self == 0x20 || self == 0x09 }
}

extension Substring {
    /// Without the blanks and tabs around it.
    var trimmingBlanks: String {
        let start = utf8.firstIndex { !$0.isASCIIBlank } ?? utf8.endIndex
        let end = utf8.lastIndex { !$0.isASCIIBlank }.map(utf8.index(after:)) ?? utf8.endIndex
        return start < end ? String(self[start..<end]) : ""
    }
}

extension String {
    /// Without the blanks and tabs around it.
    var trimmingBlanks: String { self[...].trimmingBlanks }
}
