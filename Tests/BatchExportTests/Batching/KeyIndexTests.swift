@testable import BatchExport
import Testing

@Suite struct `Keys of a batch` {
    /// The result that a dictionary gives.
    private func repeated(_ keys: [[String?]]) -> [[Int]] {
        var rows: [[String?]: Int] = [:]
        return keys.enumerated().compactMap { row, key in rows.updateValue(row, forKey: key).map { [$0, row] } }
    }

    private func placed(_ keys: [[String?]], atATime count: Int) -> [[Int]] {
        var index = KeyIndex()
        return stride(from: 0, to: keys.count, by: count).flatMap { start in
            let block = block(Array(keys[start..<min(start + count, keys.count)]))
            // In parts, since rows that have no place in the index stand between.
            let middle = block.rowCount / 2
            for rows in [0..<middle, middle..<middle, middle..<block.rowCount] {
                index.append(block, rows: rows, keyIndices: Array(0..<block.columnCount))
            }
            return index.placeRows().map { [$0.earlier, $0.later] }
        }
    }

    @Test(arguments: [1, 7, 1000, 100_000])
    func `the index finds every row whose key came again, however many come at a time`(
        _ count: Int
    ) {
        // 20,000 rows, so that the index grows in between; lengths around the words that are hashed at a time.
        let keys = (0..<20_000).map { row -> [String?] in
            let number = row * 7919 % 13_007
            return [String(repeating: "k", count: number % 19) + String(number)]
        }
        #expect(placed(keys, atATime: count) == repeated(keys))
    }

    @Test func `keys of several columns are not taken for one another`() {
        let keys = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"], ["ab", "c"], ["c", "ab"], ["", "abc"]]
        #expect(placed(keys, atATime: 3) == repeated(keys) && repeated(keys) == [[0, 4], [3, 6]])
    }

    @Test func `keys that differ in case or in Unicode form are other keys`() {
        #expect(placed([["a"], ["A"], ["é"], ["e\u{301}"], [""], [" "]], atATime: 6).isEmpty)
    }

    @Test func `keys of one batch are forgotten with it`() {
        var index = KeyIndex()
        for _ in 0..<2 {
            index.append(block([["x"], ["y"], ["x"]]), rows: 0..<3, keyIndices: [0])
            #expect(index.placeRows().map { [$0.earlier, $0.later] } == [[0, 2]])
            index.removeAll()
        }
    }
}

@Suite struct `Keys looked up in a batch` {
    /// The result of the index, and the bytes that it holds.
    private func repeated(_ keys: [[String?]], atATime count: Int) -> (rows: [Int], bytes: Int) {
        var index = KeyIndex()
        var rows: [Int] = []
        for start in stride(from: 0, to: keys.count, by: count) {
            let block = block(Array(keys[start..<min(start + count, keys.count)]))
            index.append(block, rows: 0..<block.rowCount, keyIndices: Array(0..<block.columnCount))
            rows += index.placeNewKeys().map { start + $0 }
        }
        return (rows, index.keyBytes)
    }

    @Test(arguments: [1, 7, 1000, 100_000]) func `a key is found in every row, and takes memory once`(_ count: Int) {
        // Most rows repeat one of 3,000 keys, in every order and of many lengths.
        let keys = (0..<20_000).map { row -> [String?] in
            let number = row * 7919 % (row % 3 == 0 ? 3001 : 17)
            return [String(repeating: "k", count: number % 19) + String(number)]
        }
        var seen: Set<String> = []
        let expected = keys.indices.filter { !seen.insert(keys[$0][0] ?? "").inserted }
        let found = repeated(keys, atATime: count)
        #expect(found.rows == expected)
        #expect(found.bytes == seen.reduce(0) { $0 + $1.utf8.count })
    }

    @Test func `looked-up keys of several columns are not taken for one another`() {
        let keys = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"], ["ab", "c"], ["c", "ab"], ["", "abc"]]
        #expect(repeated(keys, atATime: 3).rows == [4, 6])
        #expect(repeated(keys, atATime: 7).bytes == 5 * (3 + 2 * 4))
    }

    @Test(arguments: [1, 50, 10_000]) func `keys are compared up to a limit, and the error then names the row`(
        _ count: Int
    )
        throws
    {
        let columns = columns([.string, .string])
        var keys = BatchKeys(of: try ResultSchema(columns: columns, primaryKey: ["c0"]), maximumKeyBytes: 10_000)
        let rows = (0..<10_000).map { ["key \($0 % 100)", "x"] } + (0..<10_000).map { ["key \($0)", "x"] }
        for start in stride(from: 0, to: rows.count, by: count) {
            keys.add(block(Array(rows[start..<min(start + count, rows.count)])))
        }
        let problems = keys.problems
        #expect(problems.map(\.check) == [.duplicateKey, .tooManyKeys].prefix(count == 10_000 ? 1 : 2).map { $0 })
        #expect(problems[0].detail.contains("row 101 "))
        if count < 10_000 { #expect(problems[1].detail.contains("take more than 10000 bytes")) }
    }
}
