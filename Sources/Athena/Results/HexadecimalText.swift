import BatchExport
import Text

/// Hexadecimal digits as `to_hex` gives them and as Athena prints bytes.
enum HexadecimalText {
    /// Writes digits as Athena's own text has them: in lower case, with a blank between two bytes. A text that is no pairs of
    /// digits stays as it is.
    ///
    /// The longer texts go behind the bytes that are there.
    static func space(_ indices: [Int], of cells: inout [RowBlock.Cell], in bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + indices.reduce(0) { $0 + cells[$1].range.count / 2 * 3 })
        for index in indices {
            let digits = cells[index].range
            guard isPairs(bytes, in: digits) else { continue }
            let start = bytes.count
            for offset in digits {
                if offset > digits.lowerBound, (offset - digits.lowerBound) % 2 == 0 { bytes.append(0x20) }
                // Sets the bit of lower case, which digits have already.
                bytes.append(bytes[offset] | 0x20)
            }
            cells[index] = RowBlock.Cell(
                start: start, count: bytes.count - start, traits: digits.isEmpty ? .plainJSON : [.plainJSON, .plainCSV])
        }
    }

    private static func isPairs(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
        range.count % 2 == 0 && range.allSatisfy { bytes[$0].isHexadecimalDigit }
    }
}
