/// Checks the upsert rule for the keys of one batch: none is NULL, and none occurs twice.
///
/// Takes memory for the different keys of the batch, however many rows have them, up to a limit.
struct BatchKeys {
    private let keyIndices: [Int]
    private let maximumKeyBytes: Int
    /// The row from which on no key is compared, because the keys before it fill the memory for keys.
    private var firstUnchecked: Int?
    private var index = KeyIndex()
    private var rowCount = 0
    private var nulls = Occurrences()
    private var duplicates = Occurrences()

    private struct Occurrences {
        var first: Int?
        var count = 0

        mutating func add(_ row: Int) {
            first = first ?? row
            count += 1
        }
    }

    /// More than any batch of an export has: ``BatchLimits/keyBytes``.
    static let maximumKeyBytes = 3 << 30

    /// - Parameter maximumKeyBytes: that the different keys may have together, each with four bytes a column.
    init(of schema: ResultSchema, maximumKeyBytes: Int = BatchKeys.maximumKeyBytes) {
        keyIndices = schema.keyIndices
        self.maximumKeyBytes = maximumKeyBytes
    }

    mutating func add(_ block: RowBlock) {
        guard firstUnchecked == nil else { return }
        guard index.keyBytes <= maximumKeyBytes else {
            firstUnchecked = rowCount + 1
            index = KeyIndex()
            return
        }
        // Of the rows that go into the index: those whose key is not NULL.
        var numbers: [Int] = []
        numbers.reserveCapacity(block.rowCount)
        var firstWithoutKey = 0
        for row in 0..<block.rowCount {
            rowCount += 1
            let first = block.cellIndices(ofRow: row).lowerBound
            if keyIndices.contains(where: { block.cells[first + $0].isNull }) {
                index.append(block, rows: firstWithoutKey..<row, keyIndices: keyIndices)
                firstWithoutKey = row + 1
                nulls.add(rowCount)
            } else {
                numbers.append(rowCount)
            }
        }
        index.append(block, rows: firstWithoutKey..<block.rowCount, keyIndices: keyIndices)
        for place in index.placeNewKeys() { duplicates.add(numbers[place]) }
    }

    /// The violations of the rule: which kind, and where.
    var problems: [(check: BatchDifference.Check, detail: String)] {
        var problems: [(BatchDifference.Check, String)] = []
        if let row = nulls.first {
            problems.append((.nullKey, "the key of row \(row) is NULL" + Self.others(nulls.count - 1)))
        }
        if let row = duplicates.first {
            problems.append(
                (.duplicateKey, "the key of row \(row) is that of an earlier row" + Self.others(duplicates.count - 1)))
        }
        if let row = firstUnchecked {
            let taken = "the keys before row \(row) take more than \(maximumKeyBytes) bytes"
            problems.append((.tooManyKeys, taken + "; the others were not checked"))
        }
        return problems
    }

    private static func others(_ count: Int) -> String {
        count == 0 ? "" : ", and so \(count == 1 ? "is 1 more" : "are \(count) more")"
    }
}
