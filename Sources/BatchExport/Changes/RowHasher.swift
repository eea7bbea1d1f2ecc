import JSON
import Text

/// Hashes keys and rows of a block, so that equal hashes mean equal values, wherever the rows come from.
///
/// What is hashed is what a file of the format can tell: in NDJSON, values of `json` columns without the blanks between
/// their tokens, and JSON's `null` as NULL. So a row of a result has the hash of the row that was written of it. NULLs at
/// a row's end are left out, so a row keeps its hash when columns are added in which it has nothing.
struct RowHasher: Sendable {
    private let key: HashKey
    private let keyIndices: [Int]
    /// For each column whether its values are embedded as JSON.
    private let isEmbedded: [Bool]

    init(_ key: HashKey, columns: [Column], keyIndices: [Int], format: FileFormat) {
        self.key = key
        self.keyIndices = keyIndices
        isEmbedded = columns.map { format == .ndjson && $0.type == .json }
    }

    /// Of a row's values.
    func hash(ofRow row: Int, in block: RowBlock) -> Hash128 {
        let indices = block.cellIndices(ofRow: row)
        let cells = block.cells.span
        let bytes = block.bytes.span
        var hash = SipHash128(key)
        var nulls = 0
        for index in indices {
            let cell = cells[index]
            if cell.isNull {
                nulls += 1
                continue
            }
            let embedded = isEmbedded[index - indices.lowerBound] ? Self.embedded(bytes, cell.range) : nil
            if embedded == Self.jsonNull {
                nulls += 1
                continue
            }
            while nulls > 0 {
                hash.update(Self.null)
                nulls -= 1
            }
            if let embedded {
                Self.update(&hash, embedded.span, embedded.indices)
            } else {
                Self.update(&hash, bytes, cell.range)
            }
        }
        return hash.finalize()
    }

    /// Of the values of a row's key.
    ///
    /// - Returns: nil if one of them is NULL, or in NDJSON the JSON value `null`.
    func keyHash(ofRow row: Int, in block: RowBlock) -> Hash128? {
        let first = block.cellIndices(ofRow: row).lowerBound
        let cells = block.cells.span
        let bytes = block.bytes.span
        var hash = SipHash128(key)
        for index in keyIndices {
            let cell = cells[first + index]
            if cell.isNull { return nil }
            if isEmbedded[index] {
                let embedded = Self.embedded(bytes, cell.range)
                if embedded == Self.jsonNull { return nil }
                Self.update(&hash, embedded.span, embedded.indices)
            } else {
                Self.update(&hash, bytes, cell.range)
            }
        }
        return hash.finalize()
    }

    /// The length that no value has.
    private static let null = UInt64.max
    private static let jsonNull = Array("null".utf8)

    /// A value of a `json` column as NDJSON has it.
    private static func embedded(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var value: [UInt8] = []
        if !JSONMinifier.append(bytes, in: range, to: &value) { value.appendJSONString(bytes, in: range) }
        return value
    }

    /// With its length before it, no value can be taken for two.
    @inline(__always)
    private static func update(_ hash: inout SipHash128, _ bytes: Span<UInt8>, _ range: Range<Int>) {
        hash.update(UInt64(range.count))
        var offset = range.lowerBound
        while offset &+ 8 <= range.upperBound {
            hash.update(bytes.loadWord(at: offset))
            offset &+= 8
        }
        guard offset < range.upperBound else { return }
        let rest = range.upperBound &- offset
        if offset &+ 8 <= bytes.count {
            hash.update(bytes.loadWord(at: offset) & (1 &<< UInt64(8 &* rest) &- 1))
        } else {
            hash.update((0..<rest).reduce(0) { $0 | UInt64(bytes[offset &+ $1]) &<< UInt64(8 &* $1) })
        }
    }
}
