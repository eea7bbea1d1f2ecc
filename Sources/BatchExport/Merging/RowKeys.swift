import Text

/// Reads keys of rows, as bytes that sort like the keys.
struct RowKeys {
    private let keyIndices: [Int]

    init(of schema: ResultSchema) {
        keyIndices = schema.keyIndices
    }

    /// - Returns: the defect of the key, if it has one.
    func read(row: Int, of block: RowBlock, into key: inout [UInt8]) -> BatchDifference.Check? {
        key.removeAll(keepingCapacity: true)
        let first = block.cellIndices(ofRow: row).lowerBound
        for (position, index) in keyIndices.enumerated() {
            let cell = block.cells[first + index]
            if cell.isNull { return .nullKey }
            // Lower than every byte of a value, so that a shorter value sorts before a longer one that begins like it.
            if position > 0 { key.append(0) }
            key.append(copying: block.bytes.span, in: cell.range)
        }
        return key.count { $0 == 0 } == keyIndices.count - 1 ? nil : .malformedRow
    }
}
