import Foundation

/// A table as it is in the source, and what an export of it must hold after each night.
///
/// Depending on the seed, the key has one column or two, and columns come over time.
package struct ModelTable {
    /// The values that are not NULL, by their columns. So a row stays equal when a column comes in which it has nothing.
    package typealias Row = [String: String]
    /// The values of the key's columns, in the key's order.
    package typealias Key = [String]

    /// The names of its columns.
    package let key: [String]
    /// Whether the source gets more columns over time.
    package let hasComingColumns: Bool
    /// Of the source.
    private var columns: [String]
    /// The columns that the export has.
    package private(set) var heldColumns: Set<String> = []
    private var rows: [Key: Row] = [:]
    /// What the export holds: rows that were rejected, or that left the source unseen, stay as they were.
    package private(set) var held: [Key: Row] = [:]
    private var generator: SplitMix

    /// The seeds that a run of the tests takes: `ATHENA_EXPORT_TEST_SEEDS`, a number of them or the first and the last one.
    package static let seeds: Range<UInt64> = {
        let wanted = ProcessInfo.processInfo.environment["ATHENA_EXPORT_TEST_SEEDS"] ?? "20"
        let numbers = wanted.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        if numbers.count == 1, let count = numbers[0] { return 0..<count }
        if numbers.count == 2, let first = numbers[0], let last = numbers[1], first <= last {
            return first..<(last + 1)
        }
        fatalError("ATHENA_EXPORT_TEST_SEEDS is \"\(wanted)\"; give a number, or two as in 200-399")
    }()

    package init(seed: UInt64) {
        generator = SplitMix(seed: seed)
        let hasTwoKeys = seed / 2 % 2 == 1
        hasComingColumns = seed % 3 > 0
        key = hasTwoKeys ? ["id", "part"] : ["id"]
        // A key's column stands behind another one, and not in the key's order.
        columns = hasTwoKeys ? ["part", "v", "id"] : ["id", "v"]
    }

    /// A number that depends on the seed, and on what was asked for before.
    package mutating func random(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func isOne(in count: Int) -> Bool { random(0..<count) == 0 }

    // MARK: - The source

    private static let texts: [String?] = [
        nil, "", " ", "plain", "with \"quotes\"", "a,b", "line\nend", "cr\r\nlf", "\\.", "\u{FEFF}mark", "ÄÖ😀", "\t",
        "null", "{\"a\": 1}", String(repeating: "long ", count: 60),
    ]

    private mutating func text() -> String? {
        let text = Self.texts[random(0..<Self.texts.count)]
        return isOne(in: 2) ? text : text.map { $0 + String(random(0..<4)) }
    }

    /// One of some forty keys. Of two columns, either may be empty, and pairs of keys are equal when put together.
    private mutating func anyKey() -> Key {
        guard key.count == 2 else { return [isOne(in: 5) ? "ke\"y, \(random(0..<5))\n" : "k\(random(0..<40))"] }
        let id = ["", "k", "k1", "k,", "k\"\n"][random(0..<5)]
        return [id, ["", "1", "11", "\(random(0..<6))"][random(0..<4)]]
    }

    private var newestColumn: String { columns.last { !key.contains($0) } ?? "v" }

    private mutating func row(_ key: Key) -> Row {
        var row = Row(uniqueKeysWithValues: zip(self.key, key))
        for column in columns where !self.key.contains(column) {
            if column == "v" || isOne(in: 2) { row[column] = text() }
        }
        return row
    }

    /// Whether the source has no rows.
    package var isEmpty: Bool { rows.isEmpty }

    /// Changes the source: rows come, change, go and come back, and columns come, in which no row has anything yet.
    package mutating func spendDay() {
        if hasComingColumns, columns.count < key.count + 4, isOne(in: 3) { columns.append("w\(columns.count)") }
        for _ in 0..<random(0..<12) {
            let key = anyKey()
            switch random(0..<6) {
            case 0, 1: rows[key] = nil
            case 2:
                guard var row = rows[key] else { continue }
                row[newestColumn] = text()
                rows[key] = row
            default: rows[key] = row(key)
            }
        }
        if isOne(in: 12) { rows = [:] }
    }

    // MARK: - A night

    /// The rows of a query, and its columns in their order.
    package struct Result {
        package fileprivate(set) var columns: [String]
        fileprivate var rows: [Row]

        /// With a value for each column.
        package var values: [[String?]] { rows.map { row in columns.map { row[$0] } } }
    }

    /// The result of a query over the whole table: in any order, with older rows of a key before the right one, equal
    /// rows, and rows that cannot be loaded.
    package mutating func result() -> Result {
        let sorted = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
        var result = sorted.shuffled(using: &generator)
        for row in result where isOne(in: 12) {
            result.insert(self.row(key(of: row) ?? []), at: 0)
            if isOne(in: 2) { result.append(row) }
        }
        for _ in 0..<random(0..<3) {
            var row = self.row(anyKey())
            row[key[random(0..<key.count)]] = nil
            result.insert(row, at: random(0..<result.count + 1))
        }
        for _ in 0..<random(0..<2) {
            var row = self.row(anyKey())
            row[newestColumn] = "\u{0}"
            result.append(row)
        }
        return Result(columns: hasComingColumns ? columns.shuffled(using: &generator) : columns, rows: result)
    }

    /// Nil if a part of it is NULL.
    private func key(of row: Row) -> Key? {
        let parts = key.compactMap { row[$0] }
        return parts.count == key.count ? parts : nil
    }

    /// What a run must make of a result.
    package struct Night {
        /// Rows that differ from what was held before each of them, in order; all of them without the option.
        package fileprivate(set) var taken: [Row] = []
        /// Keys that are deleted.
        package fileprivate(set) var gone: Set<Key> = []
        package fileprivate(set) var rejectedRows = 0
        /// Keys that the export held before.
        package fileprivate(set) var heldBefore = 0
    }

    /// Takes a result as a run does that ends well.
    ///
    /// - Parameter changesOnly: whether the run has `--changes-only`.
    package mutating func export(_ result: Result, changesOnly: Bool) -> Night {
        var night = Night()
        let before = held
        night.heldBefore = before.count
        var present: Set<Key> = []
        for row in result.rows {
            guard let key = key(of: row) else {
                night.rejectedRows += 1
                continue
            }
            present.insert(key)
            if row.values.contains("\u{0}") {
                night.rejectedRows += 1
            } else if !changesOnly || before.isEmpty || held[key] != row {
                night.taken.append(row)
                held[key] = row
            }
        }
        heldColumns.formUnion(result.columns)
        guard changesOnly else { return night }
        night.gone = Set(before.keys).subtracting(present)
        for key in night.gone { held[key] = nil }
        return night
    }
}
