@testable import BatchExport
import Testing

@Suite struct `Keys of a batch` {
    /// As a dictionary has them.
    private func repeated(_ keys: [[String?]]) -> [[Int]] {
        var rows: [[String?]: Int] = [:]
        return keys.enumerated().compactMap { row, key in rows.updateValue(row, forKey: key).map { [$0, row] } }
    }

    private func placed(_ keys: [[String?]], atATime count: Int) -> [[Int]] {
        var index = KeyIndex()
        return stride(from: 0, to: keys.count, by: count).flatMap { start in
            let block = block(Array(keys[start..<min(start + count, keys.count)]))
            // In parts, as they come between rows that have no place in the index.
            let middle = block.rowCount / 2
            for rows in [0..<middle, middle..<middle, middle..<block.rowCount] {
                index.append(block, rows: rows, keyIndices: Array(0..<block.columnCount))
            }
            return index.placeRows().map { [$0.earlier, $0.later] }
        }
    }

    @Test(arguments: [1, 7, 1000, 100_000]) func `tell every row whose key came again, however many come at a time`(
        _ count: Int
    ) {
        // 20,000 rows, so that the index grows in between; lengths around the words that are hashed at a time.
        let keys = (0..<20_000).map { row -> [String?] in
            let number = row * 7919 % 13_007
            return [String(repeating: "k", count: number % 19) + String(number)]
        }
        #expect(placed(keys, atATime: count) == repeated(keys))
    }

    @Test func `of several columns are not taken for one another`() {
        let keys = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"], ["ab", "c"], ["c", "ab"], ["", "abc"]]
        #expect(placed(keys, atATime: 3) == repeated(keys) && repeated(keys) == [[0, 4], [3, 6]])
    }

    @Test func `are other keys when they differ in case or in Unicode form`() {
        #expect(placed([["a"], ["A"], ["é"], ["e\u{301}"], [""], [" "]], atATime: 6).isEmpty)
    }

    @Test func `of one batch are forgotten with it`() {
        var index = KeyIndex()
        for _ in 0..<2 {
            index.append(block([["x"], ["y"], ["x"]]), rows: 0..<3, keyIndices: [0])
            #expect(index.placeRows().map { [$0.earlier, $0.later] } == [[0, 2]])
            index.removeAll()
        }
    }
}
