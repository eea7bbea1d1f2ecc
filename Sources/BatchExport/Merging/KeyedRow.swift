import Text

/// How a row is stored in memory and in a spill: the length of its key and of its line, four bytes each, then both.
struct KeyedRow {
    static let headerBytes = 8

    let key: Range<Int>
    let line: Range<Int>

    var end: Int { line.upperBound }

    /// Whether the key has no row any more. The line of a row is never empty.
    var isDeleted: Bool { line.isEmpty }

    /// The row that begins at `start`; nil if the bytes end before it does.
    init?(in bytes: Span<UInt8>, at start: Int) {
        guard start + Self.headerBytes <= bytes.count else { return nil }
        let keyStart = start + Self.headerBytes
        let keyEnd = keyStart + Self.number(in: bytes, at: start)
        let end = keyEnd + Self.number(in: bytes, at: start + 4)
        guard end <= bytes.count else { return nil }
        key = keyStart..<keyEnd
        line = keyEnd..<end
    }

    /// The bytes of the row that begins at `start`, as its header says; nil if the bytes end inside that.
    static func byteCount(in bytes: Span<UInt8>, at start: Int) -> Int? {
        guard start + headerBytes <= bytes.count else { return nil }
        return headerBytes + number(in: bytes, at: start) + number(in: bytes, at: start + 4)
    }

    private static func number(in bytes: Span<UInt8>, at offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    static func append(key: [UInt8], line: Span<UInt8>, _ range: Range<Int>, to bytes: inout [UInt8]) {
        for count in [UInt32(key.count), UInt32(range.count)] {
            for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        }
        bytes.append(contentsOf: key)
        bytes.append(copying: line, in: range)
    }
}
