/// Holds the keys of one batch to the upsert rule: none is NULL, none comes twice.
struct BatchKeys {
    private let keyIndices: [Int]
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

    init(of schema: ResultSchema) {
        keyIndices = schema.keyIndices
    }

    mutating func add(_ block: RowBlock) {
        let indexed = index.rowCount
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
        for (_, later) in index.placeRows() { duplicates.add(numbers[later - indexed]) }
    }

    /// What breaks the rule: which kind, and where.
    var problems: [(check: BatchDifference.Check, detail: String)] {
        var problems: [(BatchDifference.Check, String)] = []
        if let row = nulls.first {
            problems.append((.nullKey, "the key of row \(row) is NULL" + Self.others(nulls.count - 1)))
        }
        if let row = duplicates.first {
            problems.append(
                (.duplicateKey, "the key of row \(row) is that of an earlier row" + Self.others(duplicates.count - 1)))
        }
        return problems
    }

    private static func others(_ count: Int) -> String {
        count == 0 ? "" : ", and so \(count == 1 ? "is 1 more" : "are \(count) more")"
    }
}
