/// A place in a text as editors count it: lines and characters from 1.
struct TextPosition: Equatable, CustomStringConvertible {
    let line: Int
    let column: Int

    /// - Parameters:
    ///   - offset: in bytes, from 0; one behind the text is its end.
    ///   - text: in UTF-8.
    init(offset: Int, in text: [UInt8]) {
        let before = text.prefix(offset)
        line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // The later bytes of a character do not count as columns.
        column = 1 + before[lineStart...].count { $0 & 0xc0 != 0x80 }
    }

    var description: String { "line \(line), column \(column)" }
}
